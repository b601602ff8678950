"""The sentences of the demonstration domain with slots, one a line; `grammar` fills the slots."""


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line for line in text.splitlines() if line)


COMMANDS = _lines("""
Turn on the {device} in the {room}.
Turn off the {device}.
Switch the {device} on.
Please switch off the {room} lights.
Set the {device} to {small} percent.
Set the temperature to {small} degrees.
Set a timer for {small} minutes.
Set an alarm for {clock}.
Wake me up at {clock}.
Remind me to {task} at {clock}.
Remind me to {task} on {day}.
Remind me {later} to {task}.
Add {food} to the shopping list.
Add {food} and {food} to my shopping list.
Remove {food} from the list.
What is on my shopping list?
Play {song}.
Play {song} in the {room}.
Stop the music.
Turn the volume up to {small}.
Turn it down a little.
What time is it in {city}?
What is the weather like in {city}?
Will there be {weather} in {city} {later}?
How far is it from {city} to {city}?
Navigate to {number} {street}.
Show me the way to the {thing}.
Call {name}.
Call {name} on the mobile.
Send a message to {name}.
Tell {first} that I will be there at {clock}.
Text {first} that I am {small} minutes late.
Read my last message.
What is {number} plus {number}?
What is {small} times {small}?
How much is {number} minus {number}?
Put the meeting with {name} on {date} at {clock}.
Cancel my meeting with {name} on {day}.
Open the {device} at {clock}.
Make the {room} lights {colour}.
Is the {device} still on?
Lock the front door.
Start the {device} {later}.
How do you say {thing} in German?
How do you spell {last}?
Find a restaurant near {street}.
Pause.
Continue.
Yes, please.
No, thank you.
Stop.
Next.
Go back.
Good morning.
Good night.
Hello there.
Thank you very much.
What can you do?
""")

CALLS = _lines("""
Good morning, my name is {name}, how can I help you?
Hello, this is {name} calling from {city}.
I am calling about my {product}.
My {product} {problem}.
I ordered a {thing} on {date}, and it {problem}.
My order number is {digits}.
My customer number is {digits}.
The reference is {code} {digits}.
My code is {code}.
Can I have your account number, please?
Could you spell your last name, please?
My last name is {last}.
My phone number is {phone}.
You can reach me at {phone}.
My address is {number} {street}, {city}.
I live at {number} {street} in {city}.
My date of birth is {date}.
I was born on {date}.
The total is {money}.
The amount of {money} was charged on {date}.
I would like to return the {product}.
I want to cancel my {product}.
I would like to speak to {name}.
Please hold the line.
One moment, please.
Let me check that for you.
Is there anything else I can do for you?
Thank you for calling.
Have a nice day.
Your {product} will arrive on {date}.
We will send you a new {product} {later}.
The technician will come on {day} at {clock}.
Would {day} at {clock} suit you?
I am sorry to hear that your {product} {problem}.
When did you place the order?
How would you like to pay?
I would like to book a table for {small} people at {clock}.
A room for {small} nights from {date}, please.
I need a ticket from {city} to {city} on {date}.
The train to {city} leaves at {clock}.
The flight to {city} is delayed.
The meeting is on {date} at {clock}.
Could you call me back at {clock}?
It costs {money}.
I paid {money} for it.
Please transfer {money} to the account {digits}.
Your balance is {money}.
The password is {code}.
{digits}.
{phone}.
You are number {small} in the queue.
Our office is open from {clock} to {clock}.
We are closed on {day}.
""")

EVERYDAY = _lines("""
{who} {past} {noun}.
{who} {past} {noun} {place}.
{who} {past} {noun} {then}.
{who} {past} {noun} {reason}.
{who} {did}.
{who} {did} {then}.
{who} {did} {reason}.
{who} {did}, and {who} {past} {noun}.
{who} will {verb} {noun} {later}.
{who} should {verb} {noun}.
{who} can {verb} {noun} {place}.
{who} might {verb} {noun}.
{who} did not {verb} {noun}.
{who} would like to {verb} {noun}.
{who} wanted to {verb} {noun} {then}.
Did {who} {verb} {noun}?
Why did {who} {verb} {noun}?
When will {who} {verb} {noun}?
Where did {who} {verb} {noun}?
Can you {verb} {noun} for me?
Do not {verb} {noun}!
Please {verb} {noun} {later}.
Let us {verb} {noun}.
The {thing} is {adj}.
The {thing} was {adj} and {adj}.
The {adj} {thing} is {place}.
There is {noun} {place}.
There were {small} {animal}s {place}.
{noun} was {place}.
{then}, {who} {past} {noun}.
{later}, {who} will {verb} {noun}.
{adv}, {who} {past} {noun}.
{who} {adv} {past} {noun}.
Is the {thing} {adj} or {adj}?
What a {adj} {thing}!
{who} said that the {thing} was {adj}.
{who} thinks that {noun} is {adj}.
I think {who} {past} {noun}.
How many {unit} does it take?
It takes {number} {unit}.
It is {number} {unit} long.
The {ordinal} {thing} is {adj}.
{who} was born in {city} in {year}.
{who} lives in {city}.
{who} has never been to {country}.
{who} moved to {country} in {year}.
{who} has {small} {unit} left.
We had {food} and {food} for lunch.
{who} ordered {food}, {food} and {food}.
I like {food}, but I do not like {food}.
The {animal} {past} the {animal}.
{country} is larger than {country}.
In {year}, {who} {past} {noun}.
On {date}, {who} {did}.
It is {clock}.
Today is {date}.
It was {clock} when {who} {did}.
If {who} can {verb} {noun}, {who} will {verb} {noun}.
{who} {past} {noun}, {noun} and {noun}.
{noun} and {noun}.
{who} went from {city} to {city}.
The weather was {adj}.
There will be {weather} {later}.
{noun} {place}.
""")

TALK = _lines("""
I have to go now.
See you {later}.
How are you doing?
I am fine, thank you, and you?
Nice to meet you, {first}.
What do you think about the {thing}?
That sounds like a {adj} idea.
I am not sure about that.
Never mind.
Of course.
Could you say that again, please?
I did not understand the {ordinal} part.
Let me think about it.
That is right.
Where are you from?
I come from {city}, but I live in {city}.
She works as a {job} in {city}.
My brother is a {job}.
What time does the {thing} open?
The {thing} opens at {clock} and closes at {clock}.
Are you free on {day}?
I'm looking for {noun}.
We're going to {city} {later}.
It's {adj} today.
They're at the {thing} already.
I don't know.
That's not what I meant.
You're right, it doesn't work.
I can't find {noun}.
He couldn't {verb} {noun}.
There's {noun} {place}.
We haven't {done} {noun} yet.
I've never {done} {noun} before.
Have you ever {done} {noun}?
She has just {done} {noun}.
I'd like {food} and {food}, please.
Could I have the bill, please?
How much does the {thing} cost?
It's too {adj} for me.
Would you like some {food}?
Please pass me the {food}.
This {food} is too {adj}.
Is there any {food} left?
Excuse me, where is the nearest {thing}?
Go straight on and turn left at the {thing}.
Turn right after the {thing}.
Take the {ordinal} street on the left.
It's about {small} minutes on foot.
Which bus goes to {city}?
The next train leaves at {clock}.
I feel {adj} this morning.
My head hurts.
You should see a doctor.
Take this {small} times a day.
Get well soon.
What did you do {then}?
I stayed at home and read a {thing}.
We watched a film about {noun}.
It was really {adj}.
Do you have any brothers or sisters?
I have {small} cousins.
My {kin} is {small} years old.
Happy birthday, {first}!
The {job} asked the {job} for {noun}.
Every {job} needs {noun}.
The {job} and the {job} {did}.
One {job} {past} {noun}.
People say that {noun} is {adj}.
Nobody {past} {noun}.
Everybody wants to {verb} {noun}.
Something is wrong with the {thing}.
The more you {verb}, the better.
First {verb} the {thing}, then {verb} the {thing}.
Either {who} or {who} {past} {noun}.
We talked about the {thing} for {number} {unit}.
It happened {small} {unit} ago.
The {thing} is {number} {unit} away.
Can you hear me?
Is this thing on?
Testing, one, two, three.
This is a test.
Please speak more slowly.
I can hear you very well.
The quick brown {animal} jumps over the lazy {animal}.
{noun} is better than {noun}.
Who is {name}?
What is a {thing}?
Tell me a joke.
Tell me about {country}.
Read the {ordinal} page to me.
Write down this number, {digits}.
Take a note.
Send the {thing} to {name} by {day}.
The deadline is {date}.
Please confirm the {product} by {clock}.
Let's meet at {clock} {place}.
""")
