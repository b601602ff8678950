"""The assets that streamer knows."""

from __future__ import annotations

from streamer.models.assets import Asset, Member, Tags

_MOONSHINE = "moonshine_cpp/models/base-en"

MOONSHINE = Asset(
    name="moonshine",
    summary="Moonshine base-en (61M parameters, English), INT8 for CPUs",
    # Both wheels of this version (Linux x86-64, macOS arm64) hold the same members, which are data.
    requirement="moonshine-cpp==0.1.4",
    tags=Tags(("manylinux2014_x86_64", "macosx_15_0_arm64")),
    members=(
        Member(
            f"{_MOONSHINE}/encoder_model.ort",
            20_661_976,
            "9d1a19e044cbf89a207723d1adb667de89a5671a1e3e611b8ebe721b2c31219c",
        ),
        Member(
            f"{_MOONSHINE}/decoder_model_merged.ort",
            42_703_232,
            "370e0c1f161d68dc1c2264c1a82024fb123380da3b73f47f05531d1e8d3308c3",
        ),
        Member(
            f"{_MOONSHINE}/tokenizer.bin",
            241_639,
            "04670d78994d030185c3dd843c60591788fed0a56cc6750747bd326825f13ca9",
        ),
    ),
    licence=Member(
        "moonshine_cpp/LICENSE",
        1069,
        "5184ec974ddac0a49e478471bd789fd9e9af7254030e1b7f2af74c2ab8a4161e",
    ),
)

_PIPECAT = "pipecat-ai==1.14.0"
"""A framework whose wheel carries small models; of its code nothing is used."""
_PIPECAT_LICENCE = Member(
    "pipecat_ai-1.14.0.dist-info/licenses/LICENSE",
    1301,
    "e31a733ecb79cbffafd5474e964e5eca15e0a0876a42b1d7253b51b198eb61aa",
)

SMART_TURN = Asset(
    name="smart-turn",
    summary="Smart Turn v3.2 (8M parameters, 23 languages): has the speaker finished?",
    requirement=_PIPECAT,
    members=(
        Member(
            "pipecat/audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx",
            8_679_182,
            "2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f",
        ),
    ),
    licence=_PIPECAT_LICENCE,
    transcribes=False,
)

_SILERO = "silero_vad/data"

SILERO = Asset(
    name="silero",
    summary="Silero VAD 6.2 (16 kHz): does somebody speak?",
    requirement="silero-vad==6.2.3",
    members=(
        Member(
            f"{_SILERO}/silero_vad_16k_op15.onnx",
            1_289_603,
            "7ed98ddbad84ccac4cd0aeb3099049280713df825c610a8ed34543318f1b2c49",
        ),
        Member(
            f"{_SILERO}/silero_vad_16k_sequence.onnx",
            1_246_165,
            "9ccdacc4719d8aa7e45a77536bfabec45a03ba1f2fad5e241ab4060b24238a85",
        ),
    ),
    licence=Member(
        "silero_vad-6.2.3.dist-info/licenses/LICENSE",
        1075,
        "2e63e9a38b6e8fc0c7bc37ce174caca1862870856c6daf5697cfb785e925520b",
    ),
    transcribes=False,
)

ASSETS = {asset.name: asset for asset in (MOONSHINE, SILERO, SMART_TURN)}
