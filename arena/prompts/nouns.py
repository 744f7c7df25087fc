"""What pictures and objects are of: words in the singular, English and French, then Chinese.

A space within a word is written `_`. The lists name what people ask arenas for, not everything.
"""

PEOPLE = (
    "man men woman women boy girl child children kid kids person people baby toddler guy lady "
    "gentleman teenager crowd couple family human figure face girlfriend boyfriend mother "
    "father grandmother grandfather bride groom king queen prince princess knight warrior "
    "wizard witch samurai ninja team twin judge politician runner pirate soldier astronaut "
    "farmer chef doctor nurse teacher student musician guitarist dancer ballerina singer player "
    "surfer skier skateboarder snowboarder rider athlete firefighter policeman businessman "
    "scientist artist painter monk priest cowboy viking clown detective sailor fisherman "
    "wrestler fairy elf angel superhero band mermaid cyborg homme femme garçon fille enfant "
    "personne gens dame roi reine chevalier sorcière"
)
BEINGS = "robot android goblin orc zombie monster alien skeleton ghost golem troll demon snowman"
ANIMALS = (
    "animal cat kitten dog puppy puppies horse pony bird eagle owl parrot penguin duck goose "
    "geese chicken rooster swan flamingo toucan ostrich crow raven peacock pigeon fish shark "
    "whale dolphin octopus jellyfish crab lobster turtle tortoise frog toad lizard gecko snake "
    "crocodile alligator dinosaur tyrannosaurus t-rex velociraptor dragon unicorn bear panda "
    "koala kangaroo wallaby lion tiger leopard cheetah wolf wolves fox foxes deer elk moose "
    "rabbit bunny bunnies hare squirrel mouse mice rat hamster hedgehog beaver otter raccoon "
    "badger pangolin elephant giraffe zebra rhino rhinoceros hippo hippopotamus monkey gorilla "
    "chimpanzee ape orangutan sloth cow bull ox buffalo bison sheep ram lamb goat pig piglet "
    "donkey camel llama alpaca bee butterfly butterflies moth ant spider beetle ladybug "
    "dragonfly snail worm insect bat seal walrus corgi poodle pomeranian shiba_inu retriever "
    "husky dachshund creature phoenix salmon capybara robin sparrow hummingbird caterpillar "
    "aardvark lynx cougar panther jaguar mammoth chat chien cheval oiseau poisson ours loup "
    "renard lapin éléphant tortue papillon grenouille"
)
PLACES = (
    "landscape moon planet earth tornado cloud intersection tennis_court marina mountain hill "
    "valley river lake sea ocean beach coast island forest wood jungle desert canyon waterfall "
    "meadow field prairie glacier volcano sky skyline cityscape city street alley village town "
    "square park garden harbor harbour sunset sunrise horizon countryside cliff cave swamp "
    "savanna tundra galaxy nebula milky_way aurora storm rainbow road path bridge castle "
    "cathedral church temple pyramid tower skyscraper house cabin cottage building ruin stadium "
    "great_wall eiffel_tower statue_of_liberty taj_mahal sydney_opera_house times_square "
    "downtown manhattan canal pond bay fjord dune oasis vineyard farm barn lighthouse windmill "
    "paysage montagne colline rivière lac mer plage forêt désert île ville rue village château"
)
VEHICLES = (
    "vehicle car truck lorry bus van motorcycle motorbike scooter bike bicycle train tram "
    "subway locomotive airplane aeroplane plane jet helicopter drone rocket spaceship "
    "spacecraft space_shuttle ship boat sailboat rowboat yacht submarine canoe tank tractor "
    "taxi ambulance fire_truck race_car sports_car hovercraft airship hot_air_balloon sled "
    "carriage wagon chariot voiture camion vélo avion bateau fusée navire moto"
)
OBJECTS = (
    "chair table sofa couch bed lamp vase bottle cup mug glass plate bowl teapot kettle book "
    "clock watch phone smartphone laptop computer keyboard camera guitar piano violin trumpet "
    "drum hat shoe boot glove shirt dress coat ring necklace crown sword shield axe hammer "
    "knife spoon fork key lock box chest bag backpack suitcase umbrella candle lantern mirror "
    "toy doll teddy_bear statue sculpture bust flower rose tulip sunflower tree plant cactus "
    "mushroom leaf leaves fruit apple banana pear strawberry watermelon lemon vegetable "
    "carrot tomato broccoli pumpkin bread cake pizza burger hamburger sandwich sushi ice_cream "
    "coffee tea wine beer cheese egg cookie donut chocolate soup salad cube sphere "
    "pyramid_shape ball basketball kite balloon fountain bell barrel anvil gem crystal diamond "
    "helmet sign hydrant traffic_light toilet desk bench cabinet shelf door window telescope "
    "microscope typewriter robot_arm map globe flag chaise lampe tasse bouteille livre montre "
    "chapeau chaussure épée fleur arbre pomme gâteau"
)
BUILDINGS = (
    "building house cabin cottage castle tower skyscraper church cathedral temple pagoda mosque "
    "palace fort fortress hut barn farmhouse mansion villa lighthouse windmill bridge arch gate "
    "treehouse tent shed garage shop store restaurant stadium pyramid ruin igloo tavern inn "
    "maison château tour église temple pont moulin phare cabane"
)
SCENES = (
    "scene landscape island mountain forest desert village city town street room bedroom "
    "kitchen bathroom living_room office garden park beach valley canyon cave dungeon terrain "
    "diorama harbor courtyard classroom library farm campsite campfire volcano waterfall lake "
    "river île montagne forêt ville rue chambre cuisine jardin plage paysage"
)

ZH_PEOPLE = "男人|女人|男孩|女孩|孩子|老人|人物|宇航员|骑士|武士|公主|国王|女王|士兵|少女|少年"
ZH_ANIMALS = "猫|狗|马|鸟|鱼|熊|狼|狐狸|兔|龙|虎|狮|大象|熊猫|猴|鹿|牛|羊|猪|蛇|龟|蝴蝶|恐龙|鹰"
ZH_PLACES = "山|河|湖|海|森林|沙漠|城市|街|村|风景|日落|日出|岛|草原|瀑布|花园|天空"
ZH_VEHICLES = "汽车|卡车|火车|飞机|船|自行车|摩托|飞船|火箭|坦克|跑车"
ZH_OBJECTS = "椅|桌|灯|花瓶|杯|瓶|书|钟|手机|电脑|帽|鞋|剑|盾|花|树|苹果|蛋糕|箱|壶|雕像"
