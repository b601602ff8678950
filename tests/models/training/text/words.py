"""Word lists of the demonstration domain, by the slot of the grammar that they fill.

Every list is one string, split at spaces (or at commas where an entry may hold spaces), so that it
can be read and added to by hand. All words are written as they are to be transcribed.
"""


def split(text: str) -> tuple[str, ...]:
    """The words of a string."""
    return tuple(text.split())


def phrases(text: str) -> tuple[str, ...]:
    """The parts of a string between commas."""
    return tuple(" ".join(part.split()) for part in text.split(","))


FIRST_NAMES = split("""
James Mary John Linda Robert Susan Michael Karen William Lisa David Nancy Richard Betty Joseph
Helen Thomas Sandra Charles Donna Daniel Carol Matthew Ruth Anthony Sharon Mark Michelle Paul
Laura Steven Sarah Andrew Emma Kenneth Anna Joshua Amy George Alice Kevin Rachel Brian Julia
Edward Grace Ronald Rose Timothy Olivia Jason Sophia Jeffrey Hannah Ryan Megan Jacob Lucy Gary
Emily Eric Jane Stephen Diana Larry Judy Justin Martha Scott Gloria Brandon Teresa Frank Sara
Benjamin Janice Gregory Julie Samuel Heather Raymond Peter Patrick Victoria Jack Kelly Dennis
Christina Jerry Joan Alexander Evelyn Tyler Lauren Henry Maria Adam Clara Nathan Ella Oliver
Chloe Harry Charlotte Leo Nora Oscar Molly Simon Fiona Martin Irene Philip Vera Ivan Tina Omar
Fatima Ahmed Leila Carlos Sofia Diego Elena Marco Paula Hugo Ingrid Victor Monica Felix Amanda
""")
LAST_NAMES = split("""
Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Taylor Moore Jackson Martin Lee
Thompson White Harris Clark Lewis Robinson Walker Young Allen King Wright Hill Green Adams Baker
Hall Campbell Mitchell Carter Roberts Phillips Evans Turner Parker Collins Edwards Stewart
Morris Murphy Cook Rogers Morgan Cooper Peterson Reed Bailey Bell Kelly Howard Ward Cox
Richardson Wood Watson Brooks Bennett Gray Hughes Price Myers Long Foster Sanders Ross Powell
Sullivan Russell Fisher Henderson Cole West Jordan Reynolds Graham Ford Hamilton Wallace Woods
Stone Hunter Hart Spencer Gardner Payne Pierce Berry Arnold Wagner Willis Ray Watkins Olson
Carroll Duncan Snyder Cunningham Bradley Lane Andrews Harper Fox Riley Armstrong Weaver Greene
Lawrence Elliott Chavez Sims Austin Peters Kelley Franklin Lawson Fields Ryan Schmidt Carr
Wheeler Chapman Oliver Montgomery Richards
""")
CITIES = phrases("""
London, Paris, Berlin, Madrid, Rome, New York, Boston, Chicago, Houston, Dallas, Denver,
Seattle, Portland, San Francisco, Los Angeles, San Diego, Phoenix, Atlanta, Miami, Orlando,
Washington, Baltimore, Detroit, Cleveland, Toronto, Montreal, Vancouver, Dublin, Glasgow,
Edinburgh, Manchester, Liverpool, Birmingham, Oxford, Cambridge, Bristol, Leeds, York, Vienna,
Zurich, Geneva, Munich, Hamburg, Amsterdam, Brussels, Lisbon, Oslo, Stockholm, Helsinki,
Copenhagen, Athens, Cairo, Delhi, Mumbai, Tokyo, Sydney, Melbourne, Singapore
""")
COUNTRIES = phrases("""
England, Scotland, Ireland, Wales, France, Germany, Spain, Italy, Greece, Turkey, Egypt, India,
China, Japan, Canada, Mexico, Brazil, Australia, Norway, Sweden, Finland, Poland, Portugal, the
United States, South Africa
""")
STREETS = phrases("""
Main Street, Park Avenue, Church Road, High Street, Oak Lane, Maple Drive, River Road, Station
Road, King Street, Queen Street, Hill Street, Mill Lane, Garden Avenue, Lake View Road, Victoria
Road, Elm Street, Bridge Street, Washington Street, Second Avenue, Fifth Avenue, Green Lane,
School Road, Market Square, North Street
""")
MONTHS = split(
    "January February March April May June July August September October November December"
)
DAYS = split("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
LETTER_NAMES = split("""
alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar
papa quebec romeo sierra tango uniform victor whiskey x-ray yankee zulu
""")
ROOMS = phrases("""
kitchen, bedroom, living room, bathroom, hall, office, garage, garden, dining room, basement,
attic, nursery
""")
DEVICES = phrases("""
lights, lamp, heating, fan, television, radio, music, air conditioning, oven, alarm, blinds,
speaker, printer, computer, coffee machine, washing machine, camera, door lock, thermostat,
vacuum cleaner
""")
COLOURS = split(
    "red green blue yellow white black orange purple pink brown grey silver golden dark bright"
)
FOODS = phrases("""
bread, butter, milk, cheese, eggs, rice, pasta, chicken, fish, beef, soup, salad, pizza,
sandwiches, apples, oranges, bananas, grapes, carrots, potatoes, tomatoes, onions, mushrooms,
sugar, salt, pepper, flour, honey, coffee, tea, orange juice, water, wine, beer, chocolate, ice
cream, cake, cookies, biscuits, yogurt, olive oil, strawberries, a cup of tea, a glass of water,
a bottle of wine, a bowl of soup, a slice of cake
""")
ANIMALS = split("""
dog cat horse cow sheep pig bird duck goose chicken fish rabbit mouse fox wolf bear lion tiger
elephant monkey snake frog turtle goat donkey owl eagle squirrel
""")
PEOPLE = phrases("""
my mother, my father, my sister, my brother, my friend, my neighbour, my boss, my wife, my
husband, my daughter, my son, the teacher, the doctor, the manager, the driver, the nurse, the
lawyer, the plumber, the children, the students, our guests, the old man, the young woman, a
little girl, a small boy, the captain, the farmer, the police officer, the engineer, the waiter,
my uncle, my aunt, my cousin, my grandmother, our new colleague
""")
PRONOUNS = split("I you we they he she")
THINGS = phrases("""
book, table, chair, window, door, letter, key, phone, car, bicycle, train, bus, ticket, bag,
box, cup, bottle, knife, plate, picture, camera, clock, watch, shoe, coat, hat, shirt, umbrella,
newspaper, pencil, paper, map, computer, screen, keyboard, lamp, bed, blanket, pillow, mirror,
carpet, garden, tree, flower, river, mountain, bridge, house, wall, roof, road, street, shop,
market, school, office, hospital, church, station, airport, hotel, restaurant, kitchen, room,
story, song, film, game, question, answer, problem, idea, plan, meeting, message, report,
contract, invoice, order, parcel, account, password, number, address, price, present, ring,
dress, jacket, boat, ship, plane, engine, wheel, tool, hammer, machine, battery, light, fire,
stone, island, beach, field, forest, village, city, country, world, language, word, page,
sentence, voice, sound, dream
""")
PLURALS = phrases("""
books, tables, chairs, windows, doors, letters, keys, cars, tickets, bags, boxes, cups, bottles,
plates, pictures, shoes, trees, flowers, houses, shops, schools, rooms, stories, songs, films,
games, questions, answers, problems, ideas, plans, meetings, messages, reports, orders, parcels,
numbers, prices, boats, tools, stones, islands, villages, words, pages, friends, people,
children, women, men, days, weeks, months, years, hours
""")
ADJECTIVES = split("""
old new big small long short high low good bad great little young large early late different
important public able strong weak heavy light easy hard difficult simple clear dark warm cold
hot cool wet dry clean dirty empty full open closed broken quiet loud fast slow cheap expensive
rich poor happy sad angry tired hungry thirsty busy free ready careful dangerous safe wrong
right true false strange common famous local modern natural nice perfect pretty proud quick
serious sharp smooth soft special sweet thick thin whole wide wild wonderful wooden ancient
beautiful brave bright broad calm certain curious deep double fair final fine foreign fresh
funny gentle lovely lucky narrow necessary ordinary patient pleasant plain polite possible
recent round silent
""")
ADVERBS = split("""
always never often sometimes usually quickly slowly carefully quietly suddenly finally already
almost hardly probably certainly really simply nearly clearly easily badly happily gently
perhaps soon again together
""")
VERBS_PAST = phrases("""
saw, found, bought, sold, lost, took, brought, carried, opened, closed, cleaned, painted, built,
broke, fixed, used, moved, pushed, pulled, dropped, caught, threw, made, gave away, forgot,
remembered, wanted, needed, liked, loved, hated, noticed, described, mentioned, checked,
changed, copied, covered, watched, followed, touched, washed, packed, paid for, looked at, asked
about, talked about, wrote about, waited for, searched for, left, kept, read about, stopped
near, walked past, drove to, came back to, sat behind, stood in front of, ordered
""")
VERBS_BASE = phrases("""
see, find, buy, sell, lose, take, bring, carry, open, close, clean, paint, build, break, fix,
use, move, push, pull, drop, catch, throw, make, give away, forget, remember, want, need, like,
love, hate, notice, describe, mention, check, change, copy, cover, watch, follow, touch, wash,
pack, pay for, look at, ask about, talk about, write about, wait for, search for, leave, keep,
read about, walk past, drive to, come back to, order, return
""")
INTRANSITIVE_PAST = phrases("""
slept, laughed, cried, smiled, waited, worked, arrived, left, stayed at home, went to bed, got
up, sat down, stood up, walked home, ran away, fell asleep, came back, disappeared, nodded,
shouted, sang, danced, agreed, said nothing, changed the subject, turned around, looked up,
closed the door, took a deep breath, played cards
""")
PLACES = phrases("""
at home, at school, at work, in the garden, in the kitchen, on the table, under the bed, behind
the house, near the station, by the river, at the airport, in the city, on the roof, in the
street, across the road, at the market, in the park, on the beach, in the mountains, at the
hotel, in the library, next to the church, between the trees, on the corner, over the bridge,
inside the box, outside the shop, along the coast
""")
TIMES_PAST = phrases("""
yesterday, last night, last week, last year, this morning, an hour ago, two days ago, a long
time ago, on Monday, on Friday evening, at the weekend, in the summer, during the night, after
lunch, before breakfast, in the afternoon, at midnight, every day, once a week, for many years,
all day long, just now
""")
TIMES_FUTURE = phrases("""
tomorrow, tonight, next week, next month, next year, later today, in an hour, in ten minutes, on
Sunday, on Thursday morning, this evening, after work, before dinner, at noon, soon, as soon as
possible, in the spring, the day after tomorrow, at the end of the month, over the holidays
""")
REASONS = phrases("""
because it was raining, because it was too late, because the train was late, because nobody was
there, although it was cold, although he was tired, while the sun was shining, when the phone
rang, until the shop closed, before the guests arrived, after the meeting was over, if the
weather is good, since the door was open, as if nothing had happened, so that everyone could
hear, even though it was expensive
""")
WEATHER = phrases("""
rain, snow, wind, fog, sun, clouds, a storm, thunder, heavy rain, light snow, strong wind, clear
sky, hail, frost
""")
SONG_KINDS = phrases("""
jazz, rock music, classical music, some piano music, my favourite song, the next song, the news,
an audio book, a podcast, relaxing music, dance music, the morning playlist, country music, the
radio, something quiet
""")
TASKS = phrases("""
call the dentist, buy some bread, pay the rent, water the plants, feed the cat, walk the dog,
pick up the kids, take out the rubbish, send the report, book the flights, clean the kitchen,
charge the phone, wash the car, return the books, check the oven, take my medicine, renew the
passport, sign the contract, order more paper, write to the bank, visit my parents, prepare the
meeting, fix the bicycle, lock the door, turn off the heating
""")
UNITS = phrases("""
minutes, hours, days, weeks, months, years, seconds, miles, kilometres, metres, feet, inches,
pounds, kilos, grams, litres, degrees, percent, dollars, euros, people, pages, boxes, pieces,
times, points, cups
""")
PRODUCTS = phrases("""
phone, laptop, washing machine, credit card, insurance, mobile contract, internet connection,
subscription, order, parcel, invoice, refund, booking, reservation, flight, ticket, delivery,
account, router, printer, television, tablet, headset, monitor, warranty, bill, payment, bank
transfer, username, password
""")
PROBLEMS = phrases("""
does not work, has not arrived, is broken, arrived late, was cancelled, is too slow, was charged
twice, stopped working, is missing, has the wrong colour, keeps crashing, makes a strange noise,
is not available, will not turn on, has expired, was sent to the wrong address, is out of stock,
cannot be opened, looks damaged
""")
JOBS = split("""
teacher doctor nurse lawyer driver farmer engineer waiter cook baker butcher painter writer
singer actor dancer carpenter plumber electrician mechanic pilot sailor soldier student manager
secretary judge scientist artist photographer gardener librarian journalist tailor barber
fisherman hunter guide guard detective president
""")
KIN = split("""
mother father sister brother son daughter uncle aunt cousin grandmother grandfather husband wife
friend
""")
PARTICIPLES = phrases("""
seen, found, bought, sold, lost, taken, brought, carried, opened, closed, cleaned, painted,
built, broken, fixed, used, moved, heard of, dropped, caught, thrown, made, forgotten,
remembered, wanted, needed, liked, noticed, described, mentioned, checked, changed, copied,
covered, watched, followed, touched, washed, packed, paid for, looked at, asked about, talked
about, written, waited for, searched for, left, kept, read, driven, ordered, eaten
""")
