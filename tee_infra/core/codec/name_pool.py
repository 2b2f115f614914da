"""The pool of stand-ins for members' names: obviously synthetic, never a person's real name."""

from typing import Final

FIRST: Final = tuple(
    """
    Amber Ample Azure Balmy Blithe Bold Brave Breezy Bright Brisk Calm Candid Cheery Civil Clever Cosy Crimson Crisp
    Curious Daring Dapper Deft Dusty Eager Early Earnest Easy Fair Famous Fancy Fearless Festive Fleet Fluent Frank
    Gentle Gilded Glad Golden Grand Handy Happy Hardy Hazel Hearty Helpful Honest Humble Ideal Indigo Ivory Jaunty
    Jolly Jovial Keen Kind Lively Loyal Lucid Lucky Mellow Merry Mighty Mild Misty Modest Neat Nimble Noble Olive
    Patient Placid Plucky Polite Prompt Proud Quick Quiet Rapid Ready Rosy Rustic Sage Scarlet Serene Silver Sincere
    Snowy Spry Steady Sunny Swift Tidy Tranquil Trusty Upbeat Vivid Warm Willing Winsome Witty Zesty
    """.split()  # noqa: SIM905 - a list literal of a hundred words is unreadable
)
LAST: Final = tuple(
    """
    Alpaca Antelope Badger Bass Beaver Bison Bittern Bobcat Buzzard Camel Caribou Cheetah Cicada Condor Cormorant
    Coyote Crane Cricket Curlew Dingo Dolphin Donkey Dormouse Dragonfly Egret Eider Elk Ermine Falcon Ferret Finch
    Firefly Flamingo Gannet Gazelle Gecko Gibbon Giraffe Goldfinch Goshawk Grebe Grouse Gull Hare Harrier Hedgehog
    Heron Hornbill Ibex Ibis Iguana Impala Jackal Jackdaw Jaguar Kestrel Kingfisher Kite Koala Lapwing Lemur Leopard
    Linnet Lizard Llama Lobster Lynx Magpie Mallard Marmot Marten Moose Narwhal Newt Nightjar Ocelot Octopus Osprey
    Otter Ouzel Panther Pelican Penguin Petrel Pika Plover Porpoise Puffin Quail Raccoon Raven Redstart Salamander
    Sandpiper Seal Skylark Sparrow Squirrel Starling Stork Swallow Tapir Tern Thrush Tiger Toucan Turtle Vole Wagtail
    Walrus Warbler Weasel Wombat Woodcock Wren Yak Zebra
    """.split()  # noqa: SIM905 - a list literal of a hundred words is unreadable
)
