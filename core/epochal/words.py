"""The words that run names are made of: friendly, short, easy to spell and to tell apart."""

from __future__ import annotations

from typing import Final

_ADJECTIVES = """
able agile airy alert amber ample amused apt aqua arctic artful ashen astral atomic autumn avid azure balmy bold
bouncy brave breezy brief bright brisk bubbly busy calm candid careful caring cheery chilly civic classic clean
clear clever cloudy cobalt comfy cool copper coral cosmic cosy crafty crimson crisp crystal curious curly dapper
daring dawn deep deft dewy dreamy dusky eager early earnest elegant emerald epic exact fair famous fancy fast
festive fine fleet floral fluffy focal fond fresh frosty gallant gentle gifted glad gleaming glossy golden graceful
grand grassy green handy happy hardy hazel hearty helpful honest humble icy ideal indigo ivory jade jaunty jolly
jovial joyful keen kind leafy lemon light lilac lively loyal lucid lucky lunar lush magic maple mellow merry mighty
mild minty misty modest mossy neat nimble noble nordic novel oaken ocean olive opal open orange patient peachy
pearly placid plucky plum polar polite prime proud pure quick quiet radiant rapid ready regal rosy royal ruby rustic
sage sandy scenic serene sharp shiny silent silken silver simple sleek smart smiling smooth snowy snug solar solid
sonic sparkly speedy spicy spry stable starry steady stellar sturdy subtle sunlit sunny super sure swift tall teal
tender thorough tidy topaz tranquil trusty upbeat urban vast velvet verdant vibrant violet vital vivid warm wavy
whole windy winged winter wise witty wooden zesty
"""

_NOUNS = """
acorn albatross alpaca anchor antler apple aspen aurora badger bamboo basil bay beacon beech bell berry birch bison
blossom bluebird bobcat bonsai brook bud buffalo butterfly cactus camel canary canoe canyon caribou castle cedar
cello cherry cheetah chestnut cliff clover cloud comet compass condor coral cove coyote crane creek cricket crocus
crow cypress daffodil dahlia daisy deer delta desert dew dingo dolphin dove dragonfly drum duck dune eagle echo
egret elk elm ember falcon fawn fern ferret fig finch fjord flame flamingo flute forest fountain fox galaxy garden
gazelle gecko geyser giraffe glacier glade goose grove gull harbor hare harp hawk hazelnut hedgehog heron hill
hornbill horizon ibex ibis iguana iris island ivy jackal jaguar jasmine jay juniper kayak kelp kestrel kite kiwi
koala lagoon lake lantern lark laurel lemur leopard lily linden lion lizard llama lotus lynx macaw magnolia magpie
mango manta maple marlin marmot marten meadow meteor mint moon moose moss mountain nebula newt nightingale oak oasis
ocelot octopus olive orca orchard orchid oriole osprey otter owl oyster palm panda panther parrot peacock pebble
pelican penguin peony pepper phoenix piano pine planet plover pond poplar poppy prairie puffin puma quail quartz
quokka rabbit raccoon rain rainbow raven reef reindeer ridge river robin rocket rose saffron salmon sandpiper
sapling satellite seal seahorse sequoia shell shore sky sloth snow sparrow spring spruce squirrel star starling
stork stream summit sun sunrise swan tapir teapot tern thistle thrush thunder tiger toucan trail tree trout tulip
turtle valley violin vole walnut walrus waterfall wave whale willow wind wolf wombat wren yak yew zebra zephyr
"""

ADJECTIVES: Final[tuple[str, ...]] = tuple(_ADJECTIVES.split())
NOUNS: Final[tuple[str, ...]] = tuple(_NOUNS.split())
