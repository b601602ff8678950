# . deploy/ray/environment.sh    before `ray start`, on every node; gateways set it themselves
export RAY_SERVE_THROUGHPUT_OPTIMIZED=1
export RAY_SERVE_ENABLE_DIRECT_INGRESS=0
export RAY_SERVE_QUEUE_LENGTH_RESPONSE_DEADLINE_S=0.5
export RAY_USAGE_STATS_ENABLED=0
# Whoever reaches one of Ray's ports runs code as its user. Without a token it lets everybody in; the
# token travels in clear, so the network must be one's own in any case (RAY_USE_TLS has certificates).
export RAY_AUTH_MODE=token
