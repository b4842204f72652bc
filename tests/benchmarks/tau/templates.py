"""What customers say, as templates by what they want, and by tone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

STYLES = ("terse", "chatty", "at once", "corrects", "wanders")
VAGUE = re.compile(
    r"(high|low|medium|large|small|full|half|fixed|standard|light|dark|basic|plain|custom|type)\b"
)
AFTER = {"battery life", "capacity", "storage", "material", "length", "zoom", "connectivity"}
"""Options that may be named after their values: 2L capacity."""
WATER = {"waterproof": "waterproof", "water resistance": "water resistant"}
REASONS = {
    "no longer needed": ("no longer needed", "I no longer need it", "I don't need it any more"),
    "ordered by mistake": ("ordered by mistake", "I ordered it by mistake", "it was a mistake"),
}
REASON_MARKS = {"no longer needed": ("need", "needed"), "ordered by mistake": ("mistake",)}
"""What has to stand in a request for a reason."""
ANY_REASON = ("it doesn't suit me", "I don't like it", "I changed my mind", "it's not what I expected")
OPENINGS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "cancel_order": {
        "terse": ("cancel #{order}", "cancel order {order}", "cancel my order"),
        "chatty": (
            "Hi there! I placed an order with you the other day and I'd like to cancel it, please.",
            "Hello, hope you're having a good day! Could you help me cancel order #{order}?",
        ),
        "plain": (
            "I'd like to cancel order #{order}.",
            "Could you please cancel my order {order}?",
            "I want to cancel an order.",
        ),
    },
    "change_order": {
        "terse": ("change {items} in {order}", "change order {order}", "need a different version of {items}"),
        "chatty": (
            "Hello! I ordered {items} from you and I've been thinking it over. Can I still get a different version?",
            "Hi, hope you can help! I'd like to change something in my order #{order}, it's about {items}.",
        ),
        "plain": (
            "I want to change {items} in my order #{order}.",
            "Can I still change an item in order {order}?",
            "I'd like to modify my order #{order}.",
        ),
    },
    "change_address": {
        "terse": ("change address for {order}", "wrong address on order {order}"),
        "chatty": (
            "Hi! Small problem: my order #{order} is going to the wrong place. Could it go to another address?",
            "Hello, I've just noticed that one of my orders goes to an old address of mine. Can that be changed?",
        ),
        "plain": (
            "Please send order #{order} to a different address.",
            "I need to change the shipping address of order {order}.",
        ),
    },
    "account_address": {
        "terse": ("change my default address", "update address in my account"),
        "chatty": ("Hi! I've moved, so could you update the address in my account, please?",),
        "plain": ("I'd like to change the address in my profile.", "Please update my account's address."),
    },
    "change_payment": {
        "terse": ("change payment for {order}", "pay {order} another way"),
        "chatty": ("Hi! Would it be possible to pay for my order #{order} in a different way, please?",),
        "plain": (
            "I'd like to change the payment method of order #{order}.",
            "Can I pay for order {order} with something else?",
        ),
    },
    "return": {
        "terse": ("return {items}", "return {items} from {order}", "want to return something from {order}"),
        "chatty": (
            "Hey! I got {items} from you a while ago and I'd like to send {it} back, if that's okay.",
            "Hello, I hope you can help me. I'd like to return {items}, please!",
        ),
        "plain": (
            "I'd like to return {items} from order #{order}.",
            "I want to send back {items}.",
            "I need to return part of order {order}.",
        ),
    },
    "exchange": {
        "terse": ("exchange {items}", "swap {items} from {order}", "exchange something from {order}"),
        "chatty": (
            "Hello, hope you can help! I bought {items} from you and I'd like to swap {it} for another version.",
            "Hi! Would it be possible to exchange {items}? I'd love a different version.",
        ),
        "plain": (
            "I'd like to exchange {items} from order #{order}.",
            "Can I exchange {items}? It's order {order}.",
            "I want to exchange something from order #{order}.",
        ),
    },
    "human": {
        "terse": ("human please",),
        "chatty": ("Hi! Could I please talk to a real person?",),
        "plain": ("I'd like to speak to a person.",),
    },
}
ANSWERS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "order": {
        "terse": ("{order}", "#{order}"),
        "chatty": ("Sure, that would be #{order}, thanks!", "Of course! It's order {order}."),
        "plain": ("It's order #{order}.", "Order {order}."),
    },
    "items": {
        "terse": ("{items}",),
        "chatty": ("It's about {items}, thank you!", "Just {items}, please."),
        "plain": ("It's {items}.", "{items}, please."),
    },
    "reason": {
        "terse": ("{reason}",),
        "chatty": ("To be honest, {reason}. Sorry about that!", "Well, {reason}."),
        "plain": ("The reason: {reason}.", "Because {reason}."),
    },
    "wanted": {
        "terse": ("{version}",),
        "chatty": ("I'd love {version} instead, if possible!", "Could I get {version} instead, please?"),
        "plain": ("I'd like {version} instead.", "Please make that {version}."),
    },
    "way": {
        "terse": ("{way}",),
        "chatty": ("I'd like the {way}, please.",),
        "plain": ("The {way}, please.", "I want to {way} {it}."),
    },
    "address": {
        "terse": ("{address}",),
        "chatty": ("Sure! The new address is {address}. Thank you!",),
        "plain": ("Please use {address}.", "The new address: {address}."),
    },
}
MONEY: Mapping[str, Mapping[str, Sequence[str]]] = {
    "change_payment": {
        "terse": ("{payment}", "with {payment}"),
        "chatty": ("I'd rather use my {payment}, please!",),
        "plain": ("I'd like to pay with my {payment}.", "With my {payment} instead."),
    },
    "return": {
        "terse": ("refund to {payment}",),
        "chatty": ("And could the money please go to my {payment}? Thanks!",),
        "plain": ("Please refund it to my {payment}.", "The refund should go to my {payment}."),
    },
    "": {
        "terse": ("price difference via {payment}", "pay or refund via {payment}"),
        "chatty": (
            "And any price difference can go over my {payment}, thanks!",
            "If it costs more or less, my {payment} would be best for that.",
        ),
        "plain": (
            "Please settle the price difference with my {payment}.",
            "Charge or refund the difference to my {payment}.",
            "If it costs more, please use my {payment}.",
        ),
    },
}
"""Of the payment, by the wish's kind."""
GREETING = re.compile(r"^(Hi|Hello|Hey)\b( there)?(,? (I )?hope (you|that)\b[^.!]*)?[,.!] ")
WHAT = {
    "cancel_order": "cancellation",
    "change_order": "change",
    "change_address": "new address",
    "account_address": "new address",
    "change_payment": "payment",
    "return": "return",
    "exchange": "exchange",
}
LEAD_INS = {
    "terse": ("for the {what}: ", "add to the {what}: "),
    "chatty": ("Thanks! Something to add to the {what}, if I may: ", "Oh, and for the {what}: "),
    "plain": ("Please add to the {what}: ", "For the {what}: "),
}
ASIDES = (
    "How long does a refund take, by the way?",
    "Quick question in between: do you also sell {product}s?",
    "Before that: which payment methods do you accept?",
    "Sorry, one other thing: what are your opening hours?",
)
YES = {
    "terse": ("yes", "ok", "yes please"),
    "chatty": ("Yes please, that would be great!", "Yes, thank you!"),
    "plain": ("Yes, please.", "Yes, go ahead.", "Yes."),
}
