# What the bot says. A shop may put a file of the same name into its own texts folder and replace any of these.

## Greeting and small talk

greeting-new = Hi, this is { $shop }. Ask me about orders, products or offers.
greeting-known = Hi { $name }! { $shop } here. What can I do for you?
greeting-again = I'm here. What can I do for you?
demo-note = (This is a demo shop: its products and orders are made up.)
help =
    Just ask in your own words, for example:
    “Where is my parcel?”
    “Do you have this in M?”
    “Can you do a better price?”
    /orders shows your orders, /stop ends promotions, /language changes the language, /human gets a person.
thanks = You're welcome! I'm here if you need anything else.
goodbye = Take care! Write any time.
affirm-nothing = Great. What would you like to know?
deny-nothing = All right, I'll leave it. Just write if you need me.
chitchat = I'm not much of a talker, but I do know the orders and products here well.
chat-robot = I'm the shop's automatic assistant, not a person. I'll gladly help, and if you'd rather talk to someone, just say so.
chat-orders = I can't do that: the shop sets its prices and rules, and I can't change them. I can help with orders and products though.
out-of-scope = That's beyond me, I'm afraid. I know about this shop: orders, products, offers, returns.
emoji-glad = 😊 I'm here if you need anything.
emoji-sad = You don't look happy. What went wrong? Tell me and I'll see what I can do.
emoji-none = I'm here. What would you like to know?
nothing-written = That arrived empty. Could you send it again?

## Quick questions of the web chat: shown to whoever has not written yet, and sent as they read

# Nothing after the = leaves one out.
question-1 = Where is my order?
question-2 = How do returns work?
question-3 = Help me choose

## The web chat's form for whoever may leave before a person has answered

email-ask = We'll answer here. If you have to leave before that, where may we write?
# Kept with the address, together with the question: they are what the visitor agreed to.
email-consent = Your address is for this answer alone, not for advertising.
email-label = Your e-mail address
email-keep = Save
email-decline = No, thanks
email-change = Change
email-kept = Noted. If you have left by then, we can write to { $email }.
email-wrong = This is no e-mail address. It should look like name@example.com.

## Not understood

unclear = Sorry, I didn't get that. Could you put it another way? An order number or a product's name helps.
unclear-upset = I'm sorry you're unhappy. Could you tell me again what went wrong? Or shall a colleague take over?
unclear-again = Sorry, I still don't follow. Shall I get a colleague to help you?
pages-nearest = I'm not sure I follow. This is the nearest that our pages say:
said-before = That's what I have on it, as written above; nothing has changed since. If you mean something else, tell me in other words, or shall I get a colleague?
said-before-else = I can only say what I wrote above, so I may not have understood you. Could you put it another way, or shall I get a colleague?
said-again = As I said: { $text }
said-before-again = I have nothing more on this. Shall I get a colleague?
still-needed = I still need this to go on: { $text }
ask-back-two = Do you mean “{ $first }” or “{ $second }”?
ask-back-one = Do you mean “{ $first }”?
button-stale = That button is out of date. Just tell me what you need.
command-unknown = I don't know that command. Just tell me in your own words.
skill-off = My colleagues take care of that at the moment. Shall I pass you on?
skill-failed = Sorry, something went wrong on our side and I couldn't look that up.

ask-order_status = Where my order is
ask-delivery_time = How long delivery takes
ask-shipping_options = Ways of delivery
ask-shipping_fee = Shipping costs
ask-delivery_problem = A problem with the parcel
ask-change_address = Change the address
ask-change_order = Change my order
ask-cancel_order = Cancel my order
ask-account_address = The address in my account
ask-payment_change = Pay another way
ask-exchange_request = Exchange something
ask-chase_parcel = Hurry up a parcel
ask-place_order = How to order
ask-return_request = Return or exchange
ask-return_policy = Rules for returns
ask-refund_request = Get a refund
ask-refund_status = Where my refund is
ask-item_problem = Something wrong with an item
ask-warranty_repair = Warranty or repair
ask-usage_help = How to use it
ask-product_question = About a product
ask-product_compare = Compare products
ask-reorder = The same again
ask-product_search = Find a product
ask-stock_question = Is it in stock
ask-restock_notice = Tell me when it's back
ask-parcels = Orders in one parcel, or one in several
ask-stands_still = Tracking stands still
ask-redirect = Redirect a parcel
ask-repair_request = A repair
ask-points_check = Missing points
ask-payment_check = Look up a payment
ask-call_back = A call by a person
ask-delivery_note = Instructions for the courier
ask-quote = An offer for many
ask-recommend_request = Recommend something
ask-price_question = The price
ask-discount_request = Discounts
ask-price_protection = It became cheaper
ask-coupon_problem = A code that doesn't work
ask-payment_methods = Ways to pay
ask-payment_problem = Trouble paying
ask-invoice_request = An invoice
ask-account_problem = My account
ask-membership_points = Membership and points
ask-complaint = Make a complaint
ask-human_agent = Talk to a person
ask-order_facts = What is in my order
ask-request_status = What became of my request
ask-repeat = Say it again
ask-language = Change the language
ask-store_info = About the shop
ask-leave_review = Leave a review
ask-opt_out = Stop promotions
ask-opt_in = Get offers
ask-my_data = My personal data

## Pictures and voice

media-voice = I can't listen to voice messages yet. Could you type it, or shall a colleague listen?
media-picture = Got your picture, but I can't see what's in it. What would you like to know?
media-picture-kept = Got your picture; it's saved here for my colleagues. Could you describe what's wrong in a few words?
media-file = Got your file. I can't open it, but my colleagues can. What is it about?
media-place = Got your location. If you'd like to change a delivery address, please send it as text.
media-other = I can't read this kind of message yet. Could you type it?

## Who the customer is

link-ask =
    Before I look at orders I need to know it's you.
    Please send me your order number and the last four digits of the phone number on it (or the e-mail you ordered with).
link-ask-again = I need the order number and the last four digits of the phone number on it (or your e-mail), such as “A1024 5678”. No number at hand? A colleague can help.
link-number = Thanks. And what's the order number?
link-second-fact = To protect your privacy, please also tell me the last four digits of the phone number on the order, or the e-mail you ordered with.
link-for-theirs = For an order of yours, please send me its number and the last four digits of the phone number on it (or the e-mail you ordered with).
link-wrong = Those two don't match. Please check the order number and the last four digits (or the e-mail), and send me both again.
link-too-many = That was tried too often. To be safe, please try again in an hour, or let a colleague check.
link-paused = Too many order checks have failed lately, so to protect everybody's orders I can't check any for the moment. A colleague can look into it for you.
link-declined = No problem, I won't look anything up. Ask me anything else.
link-done = { $known ->
    [yes] Thanks { $name }, that matches!
   *[no] Thanks, that matches!
    }
link-opened = { $known ->
    [yes] Hi { $name }, you're connected to your account now. Ask me about your orders any time.
   *[no] You're connected to your account now. Ask me about your orders any time.
    }
link-expired = This link has expired. Please get a new one in the shop, or use an order number instead.
link-invalid = This link doesn't work any more. Please get a new one in the shop, or use an order number instead.

## Orders

status-placed = awaiting payment
status-paid = paid, being prepared
status-packed = packed
status-shipped = on its way
status-delivered = delivered
status-cancelled = cancelled
status-returned = returned
items-more = { $first } and others, { $count } items
order-line = · { $number } – { $items } – { $status } – ordered { $day }
order-fact-lines = In order { $number }:
order-fact-line = · { $name } × { $count }, { $price } each
order-fact-count = { $count ->
    [one] It is one item, in order { $number }:
   *[other] They are { $count } items, in order { $number }:
    }
order-fact-costs = { $total } in all, for order { $number }: goods { $goods }, { $shipping }.
order-fact-discounted = { $total } in all, for order { $number }: goods { $goods }, discount { $discount }, { $shipping }.
shipping-costs = shipping { $fee }
shipping-free = free shipping
order-fact-total = { $total } in all, for order { $number }.
order-fact-placed = On { $day }: that's when order { $number } was placed.
order-placed-at = It was placed on { $when }.
order-fact-price = { $count ->
    [one] { $price }: that's what { $name } cost, in order { $number }.
   *[other] { $total } for { $count }, at { $price } each: { $name }, in order { $number }.
    }
order-sheet = Order { $number } of { $day }, { $total }, { $status }:
order-fact-unparted = Which of it is in which parcel isn't recorded.
order-fact-paid-with = By { $way }: that's how order { $number } was paid.
order-fact-paid-unknown = How order { $number } was paid isn't recorded here.
order-fact-paid = Yes, we have it: { $total } for order { $number }, paid on { $day }.
order-fact-packed-yes = Order { $number } is { $status } already.
order-fact-packed-no = Order { $number } is not packed yet: { $status }.
order-fact-address = Order { $number } goes to: { $address }
order-fact-no-address = No address is recorded here for order { $number }.
paid-card = card
paid-wallet = digital wallet
paid-bank_transfer = bank transfer
paid-cash = cash
paid-qr = QR payment
paid-gift_card = gift card
orders-sum = { $total } together, for { $count } orders:
orders-sum-line = · { $number } – { $items } – { $total }
lines-sum = { $total } for { $count ->
    [one] one item
   *[other] { $count } items
    }:
lines-sum-line = · { $number } – { $name } × { $count }, { $price } each
lines-sum-discount = That is before the discount on the whole order.
orders-count = { $count ->
    [one] One item
   *[other] { $count } items
    } in { $orders ->
    [one] one order
   *[other] { $orders } orders
    }:
orders-way-line = · { $number } – { $items } – { $way }
orders-dearest = The dearest was order { $number } of { $day }, { $total }: { $items }.
orders-cheapest = The cheapest was order { $number } of { $day }, { $total }: { $items }.
orders-times = { $count ->
    [0] Not once: no order of yours fits that.
    [one] Once.
   *[other] { $count } times.
    }
way-delivered = delivered { $day }
way-expected = expected { $day }
way-late = late: it was due { $day }
way-seen = Order { $number } was last seen in { $place } on { $when }: { $text }.
way-seen-placeless = Order { $number } was last heard of on { $when }: { $text }.
way-sent = Order { $number } left us on { $day }.
way-still = The carrier has reported nothing since, for { $days ->
    [one] a day.
   *[other] { $days } days.
    }
way-no-day = No day of arrival is given for order { $number }.
verdict-yes = Yes.
verdict-no = No.
verdict-not-yet = Not yet.
verdict-in-time = Yes, it should be.
verdict-too-late = No, probably not.
verdict-unsure = I can't promise that.
order-no-carrier = No carrier is recorded for order { $number } yet.
order-which = Which order do you mean?
order-which-again = I've noted that. Which order is it about?
order-which-photo = Got the photo. Which order is it from?
orders-recent = Your latest orders:
orders-none = There are no orders in your account yet.
order-not-found = { $number } isn't an order of yours, so I can't show or change anything of it. Could you check the number?
order-yours = Your latest orders are:
order-placed = Order { $number } ({ $items }) is not paid yet; { $total } is due. It ships once it's paid.
order-paid = Order { $number } ({ $items }) is paid and being prepared. It hasn't shipped yet.
order-packed = Order { $number } ({ $items }) is packed and waiting for the courier.
order-shipped = Order { $number } ({ $items }) has shipped; there is no tracking news yet.
order-delivered = Order { $number } ({ $items }) has been delivered.
order-cancelled = Order { $number } ({ $items }) was cancelled.
order-never-paid = {" "}No payment for it is on record.
order-returned = Order { $number } ({ $items }) was returned.
order-parcels = Order { $number } comes in { $count } parcels:
order-part-sent = A part of order { $number } has been sent so far:
order-part-unsent = { $items } of order { $number } hasn't been sent yet: it's in none of the parcels that have left so far.
parcel-holds = In it: { $items }
parcels-unsent = Not sent yet: { $items }
parcel-carrier = the carrier
parcel-untracked = no tracking number
items-comma = {", "}
parcel-label = Order { $number } is with { $carrier } ({ $tracking }), waiting to be picked up.
parcel-in_transit = Order { $number } is on its way with { $carrier }, { $tracking }.
parcel-out_for_delivery = Order { $number } is out for delivery with { $carrier }, { $tracking }.
parcel-exception = { $carrier } reports a problem with the parcel of order { $number }, { $tracking }.
parcel-delivered = Order { $number } was delivered on { $when } ({ $carrier }, { $tracking }).
parcel-note = The carrier notes: { $text }
record = What { $carrier } has recorded of order { $number }, { $tracking }:
record-line = · { $when }, { $place }: { $text }
record-line-placeless = · { $when }: { $text }
parcel-scan = Latest: { $text }, { $place }, { $when }
parcel-scan-placeless = Latest: { $text }, { $when }
parcel-expected = Expected { $day }.
order-carrier = Order { $number } comes with { $carrier }, tracking number { $tracking }.
order-expected = Order { $number } is expected { $day }.
parcel-late = It was due on { $day }, so it's late, by { $days ->
    [one] a day
   *[other] { $days } days
  }. I'm sorry for the wait.
parcel-as-of = (as of { $when })
parcel-old = Note: the carrier's last update was on { $when }. Nothing since, so this may be out of date.

## Changing and cancelling

cancel-confirm = Cancel order { $number } ({ $items }, { $total })?
cancel-asked = I've asked for order { $number } to be cancelled, request { $request }. It isn't cancelled until a colleague confirms; I'll tell you as soon as they do.
cancel-kept = All right, nothing changes.
cancel-withdrawn = Done: I've taken that request back ({ $what }, { $request }). Everything stays as it is.
task-confirm = Shall I ask for this: { $what }?
withdraw-confirm = Shall I take back request { $request } ({ $what })?
cancel-accepted-already = A colleague is already working on request { $request } ({ $what }). They'd have to see whether it can still be changed or stopped.
too-late-over = Order { $number } is { $status }, so it can't be changed any more.
packed-fixed = Now that it is packed, it can't be cancelled or changed any more.
too-late-packed-cancel = No: order { $number } is packed already, so it can't be cancelled any more.
too-late-packed-items = No: order { $number } is packed already, so nothing in it can be changed or added any more.
too-late-packed-address = No: order { $number } is packed already, so its address can't be changed any more.
too-late-cancel = Order { $number } has already left us ({ $status }), so it can't be cancelled. You can return it once it arrives.
too-late-address = Order { $number } has already left us ({ $status }), so its address can't be changed. I can have the carrier asked to redirect it within the same city.
too-late-items = Order { $number } has already left us ({ $status }), so it can't be changed. You can exchange it once it arrives.
too-late-cancel-arrived = Order { $number } has been delivered, so it can't be cancelled. You can return it instead.
too-late-items-arrived = Order { $number } has been delivered, so it can't be changed. You can exchange it instead.
address-which = Order { $number } hasn't shipped, so I can ask for that. Please send me the new name, phone number and full address.
address-asked =
    I've asked for a new address for order { $number }, request { $request }:
    { $address }
    It isn't changed until a colleague confirms; I'll tell you as soon as they do.
address-stays = The address stays as it is: { $address }
items-which = Order { $number } hasn't shipped yet. What should change? For example: size M instead, or two of them.
items-asked = I've passed on your change to order { $number }, request { $request }: { $told }. Nothing is changed until a colleague confirms.
change-of = { $items } ({ $wanted })
account-address-which = I can ask for another address in your account. Please send me the name, phone number and full address.
address-again = “{ $told }” isn't enough for a parcel to arrive. Which street and number, and which town and postcode?
phone-again = The phone number “{ $told }” isn't complete. Could you send the whole number?
account-address-asked = I've asked for this address in your account, request { $request }: { $address }. It isn't changed until a colleague confirms.
payment-open = Order { $number } isn't paid yet, so nothing has to be changed: you choose how to pay when you pay.
payment-not-named = I can't find { $told } among the ways to pay here:
payment-which = How would you rather pay for order { $number }?
payment-asked = I've asked for order { $number } to be paid by { $told } instead, request { $request }. Nothing is changed until a colleague confirms.
items-of-order = Which item of order { $number }?
    { $lines }
take-your-time = Take your time. I'll go on when you're ready.
about-question = I'm asking so that I can deal with what you wrote. If you'd rather, a colleague can help.
request-corrected = Changed in request { $request }: { $told }. My colleagues see only the new version as what you want.
request-known = That was already asked for on { $when }, request { $request }. My colleagues are on it, and I'll tell you as soon as there's news.
question-unanswered = As for “{ $question }”: I don't have a sure answer to that. Ask it once more by itself, or shall I get a colleague?
kept-for-next = Next, as soon as this is done: { $wish }.
requests-none = Nothing is open: you haven't asked for anything here that a colleague has to decide.
request-asked = Request { $request } ({ $what }) was made on { $when } and is still waiting for a colleague.
request-accepted = Request { $request } ({ $what }) was accepted and is being carried out.
request-declined = Request { $request } ({ $what }) was declined.
request-done = Request { $request } ({ $what }) is done.

## An offer for many, delivery instructions, a call

quote-what = Which product is the offer for?
quote-how-many = How many would you like?
quote-too-few = We make an offer of its own from { $least } pieces of one product on.
quote-asked = I've asked for an offer: { $told }. Request { $request }; a colleague sends it to you here. If there is more to know, such as a company or a date, just write it.
quote-question = Is there a discount for bulk orders of many pieces?
payment-shows = The payment of order { $number } has arrived: it is { $status }.
payment-check-asked = I've asked for the payment of order { $number } to be looked up, request { $request }. Please don't pay again; a colleague answers here. If you know when and how you paid, just add it.
points-check-asked = I've asked for the points of order { $number } to be looked into, request { $request }. A colleague answers here.
repair-why = What is wrong with it, and with which item of order { $number }?
repair-not-yet = Order { $number } is { $status }: nothing of it can be repaired yet.
repair-asked = I've asked for a repair, order { $number }, request { $request }. A colleague sends you the shipping label here; please don't post it before.
redirect-where = Order { $number } has left already, so the carrier has to be asked. Where in the same city should it go?
redirect-asked =
    I've asked for the carrier to be asked whether order { $number } can go there, request { $request }:
    { $told }
    A colleague tells you here whether it works.
stands-still-not-yet = Carriers don't scan a parcel every day. If nothing new comes for 72 hours, I have the carrier asked; you can have that done now, too.
parcels-how = How should order { $number } be sent: together with which other, or in how many parcels?
parcels-too-late = Order { $number } is { $status } already, so its parcel can't be put together or split any more.
parcels-asked = I've asked for this, order { $number }, request { $request }: { $told } A colleague tells you here whether it works.
delivery-note-what = What should the courier do with order { $number }?
delivery-note-asked =
    { $shipped ->
        [yes] I've asked for this to be passed to the carrier for order { $number }, request { $request }: { $told }
       *[no] I've asked for this to be noted for the delivery of order { $number }, request { $request }: { $told }
    }
    A colleague tells you here if the courier can't do it.
call-back-number = Which number shall a colleague call?
call-back-when = And when? A day and a time will do, or “any time”.
call-back-confirm =
    { $moved ->
        [yes] Nobody is there at { $asked }. A colleague could call { $phone } at { $at }. Shall I ask for that?
       *[no] A colleague would call { $phone } at { $at }. Is that right?
    }
call-back-asked = I've asked for a call to { $phone } at { $at }, request { $request }.

## Returns, refunds, parcels

return-why = I can ask for a return of order { $number } ({ $items }). Which item, and what's the reason?
refund-why = I can ask for a refund for order { $number } ({ $items }). Which item, and what's the reason?
item-problem-why = Sorry about that! What's wrong, and with which item of order { $number } ({ $items })? A photo helps.
return-asked = I've asked for the return of order { $number }, request { $request }. A colleague will tell you how to send it; please don't post it yet.
exchange-which = I can ask for an exchange for order { $number } ({ $items }). Which item, and what would you like instead?
exchange-asked = I've asked for an exchange for order { $number }, request { $request }: { $wanted }. A colleague will tell you how to send the old one; please don't post it yet.
refund-asked = I've asked for a refund for order { $number }, request { $request }. I'll tell you as soon as it's decided.
item-problem-asked = I'm very sorry! I've passed on the problem with order { $number }, request { $request }. A colleague will offer you an exchange or a refund. If you have a photo, just send it here.
return-not-yet = Order { $number } is packed and hasn't left yet. It can't be cancelled any more, only returned once it has arrived.
return-too-late = I'm sorry, no: order { $number } arrived on { $day }, { $days } days ago. That is longer ago than our rules allow:
return-if-faulty = If something is wrong with it, tell me what.
return-not-shipped = Order { $number } hasn't shipped yet, so there's no need to return it: it can simply be cancelled.
# Asked of the shop's own pages, never said.
rule-question-delivery_time = When is my order sent out?
rule-question-unpaid = How long is an unpaid order kept?
rule-question-refund_status = How long until I get my money back
rule-question-change_address = Can I change the address of my order?
rule-question-change_order = Can I change the items of my order?
rule-question-return = Can I return something, and within how many days?
rule-question-exchange = Can I exchange something for another size or colour, and within how many days?
rule-question-cancel_order = How do I cancel an order?
rule-question-invoice_request = How do I get an invoice?
rule-question-late = What if my parcel is late or lost?
rule-question-unsent = When do you dispatch an order?
rule-question-item_problem = What if something arrives damaged or is missing?
rule-question-repair = How does a repair work and what does it cost?
refund-none = There's no refund on record for order { $number }. Would you like to ask for one?
refund-requested = The refund of { $amount } for order { $number } was asked for on { $asked } and is being checked.
refund-approved = The refund of { $amount } for order { $number } (asked for on { $asked }) is approved and being paid out; it hasn't been paid yet.
refund-paid = The refund of { $amount } for order { $number } was paid on { $paid } to { $to }.
refund-approved-on = The refund of { $amount } for order { $number } was approved on { $decided } and is being paid out; it hasn't been paid yet.
refund-declined = The refund for order { $number } ({ $amount }, { $asked }) was declined.
refund-declined-on = The refund of { $amount } for order { $number } (asked for on { $asked }) was declined on { $decided }.
refund-decision = The reason given: { $reason }
refund-asked-because = It was asked for because: { $reason }
in-our-records = “{ $text }” (as our records have it)
refund-kept = That is { $kept } less than the { $total } that the order cost.
refund-all = That is all that the order cost, with { $shipping } for shipping.
refund-appeal = If that seems wrong, just ask for a person, who can look at it again.
return-parcel-label = Your return with { $carrier } ({ $tracking }) is registered, and the carrier doesn't have it yet.
return-parcel-in_transit = Your return is on its way back to us with { $carrier }, { $tracking }.
return-parcel-exception = { $carrier } reports a problem with your return, { $tracking }.
return-parcel-delivered = Your return ({ $carrier }, { $tracking }) reached our warehouse on { $when }.
refund-goes = A refund goes to { $to }.
request-added = Thank you, I've added that to request { $request }, so my colleagues see it with the rest.
request-added-told = Thank you, I've added that to request { $request }: { $told }. My colleagues see it with the rest.
order-newest = Your latest order is { $number } of { $day }, { $total }, { $status }:
refund-same-way = your original payment method
refund-short-requested = The refund of { $amount } is being checked.
refund-short-approved = The refund of { $amount } is approved and being paid out.
refund-short-paid = The refund of { $amount } has been paid.
refund-short-declined = The refund of { $amount } was declined.
refund-line = · { $number } – { $items }: { $state }
refund-line-why = · { $number } – { $items }: { $state } The reason given: { $reason }
refund-sum-paid = { $total } has been paid back.
refund-sum-coming = { $total } is still being checked or paid out.
refund-of = The refund is for order { $number }: { $items }.
delivery-problem-asked = I'm sorry! I've asked a colleague to look into the parcel of order { $number }, request { $request }. I'll tell you as soon as there's news.
chase-asked = I've asked a colleague to chase the carrier about order { $number }, request { $request }. I'll tell you as soon as there's news.

## Products

separator = { " · " }
list-comma = {"; "}
attribute = { $label }: { $value }
fact = { $facts } ({ $name }).
fact-yes = { $verb ->
   *[is] Yes – { $facts } ({ $name }).
}
fact-no = { $verb ->
   *[is] No – { $facts } ({ $name }).
}
fact-written = The shop writes of { $name }: “{ $text }”
fact-unguessed = I won't guess about that. Here is all that the shop states; don't rely on what isn't stated:
water-drops = {" (drops, not splashes)"}
water-splashes = {" (splashes, not under water)"}
water-jets = {" (jets of water, not under water)"}
water-under = {" (also under water, up to 1 m for 30 minutes)"}
water-deep = {" (also under water, deeper than 1 m)"}
not-stated = not stated
versions = { $name } comes in { $count } versions:
version-not-there = { $name }: { $stock }.
version-same = { $name } is { $price } now, the same as you paid; { $stock }.
version-more = { $name } is { $price } now, { $difference } more apiece than you paid; { $stock }.
version-less = { $name } is { $price } now, { $difference } less apiece than you paid; { $stock }.
version-line = · { $version }: { $price }, { $stock }
size-fits = Size { $size } of { $name }. Its size table: { $reason }; you said { $told }.
size-row = { $size } is for { $spans }
size-rows = {"; "}
size-between = Between { $sizes } of { $name }. Its size table: { $reason }; you said { $told }.
size-apart = Your measures lead to different sizes of { $name }. Its size table: { $reason }; you said { $told }.
size-take-larger = The table says to take the larger one then: { $size }.
size-take-smaller = The table says to take the smaller one then: { $size }.
size-rule = What our page says: { $text }
size-beyond = With { $told } none of the sizes of { $name } fits by its size table: { $table }
size-table = The size table of { $name }: { $table }
size-ask = Which size of { $name } depends on { $measures }. What are they (cm, kg)?
size-no-table = The shop gives no size table for { $name }, so I'd rather not guess a size.
size-of-what = Which item is it for? The size tables differ.
size-stock = Size { $size }: { $stock }.
measure-told = { $name } { $value }{ $unit }
measure-height = height
measure-weight = weight
measure-chest = chest
measure-waist = waist
measure-hips = hips
measure-foot = foot length
measure-worn = shoe size
unit-cm = {" "}cm
unit-kg = {" "}kg
reorder-last = Your order { $number } of { $day }, as it is today:
reorder-usual = What you have bought more than once, as it is today:
reorder-line = · { $name } × { $count }: { $price } · { $stock }
reorder-line-was = · { $name } × { $count }: { $price } (then { $was }) · { $stock }
reorder-gone = · { $name } × { $count }: no longer sold
reorder-sum = Together today: { $total } for what is in stock, before coupons and postage.
reorder-sum-offer = Together today: { $total } for what is in stock, with code { $code } for one { $name }; before postage.
reorder-how = Nothing is ordered yet; buy it from the product's page:
reorder-nothing = None of it can be bought now. Tell me what it was for, and I look for something like it.
arrive-says = What our page says of the way there: { $text }
arrive-unknown = The shop states no delivery time that I could go by, so I can't say whether it is there by { $day }.
arrive-late = By { $day } it can't be there by standard delivery. What our page says: { $text }
arrive-late-but = By { $day } it can't be there by standard delivery. What our page says: { $text } { $faster }
arrive-likely = What our page says: { $text } That is before { $day }; I can't promise it, though.
arrive-unsure = Whether it is there by { $day } I can't promise. What our page says: { $text }
others-none-shown = Nothing of what fits is { $word } than these.
label-value = Price for the amount
per-g = { $price } per 100 g
per-ml = { $price } per 100 ml
per-piece = { $price } each
per-asked = { $name } comes to { $each } per { $portion }: { $price } for { $amount }.
per-unstated = How much of it there is isn't stated plainly, so I can't say what it costs per { $portion }. { $name } is { $price }.
per-by-offer = { $unit }, at { $price }
best = The { $word } – { $label }: { $value }
best-of = Of { $count } kinds in stock this is the { $word } – { $label }: { $value }
best-tied = These { $tied } are equally the { $word } – { $label }: { $value }
best-unstated = { $count ->
    [one] Of one more the shop doesn't state it.
   *[other] Of { $count } more the shop doesn't state it.
}
best-not-stated = The shop doesn't state which is the { $word }. These are some of them:
compare-first = { $count ->
    [2] { $name } is { $word }: { $value } against { $others }.
   *[other] { $name } is { $word } than the others: { $value } against { $others }.
}
compare-most = { $name } – { $label }: { $value }, against { $others }.
compare-item = { $value } ({ $name })
compare-comma = {", "}
compare-by = {" "}The difference is { $amount }.
compare-same = No difference in that: { $label } { $value } ({ $names }).
compare-not-stated = The shop states nothing to compare them by in that: { $names }.
compare-line = · { $name }: { $value }
compare-row = · { $label }: { $values }
compare-between = {" / "}
compare-alike = By what the shop states they are alike: { $names }.
others = Yes, { $word } than { $name }:
others-none = Nothing of its kind is { $word } than { $name } ({ $value }).
label-price = Price
total = Altogether { $total }:
total-one = { $total } for { $count } × { $name } ({ $price } each).
total-one-offer = { $count ->
    [1] { $total } for 1 × { $name }: your price with code { $code } instead of { $list }, until { $until }.
    [2] { $total } for 2 × { $name }: one at your price of { $price } with code { $code } until { $until }, the other at { $list }.
   *[other] { $total } for { $count } × { $name }: one at your price of { $price } with code { $code } until { $until }, the others at { $list } each.
}
total-one-apart = { $total } for { $count } × { $name } ({ $list } each). Your price of { $price } for one of them takes another order, with code { $code }.
total-line = · { $name } × { $count }, { $price } each
total-line-offer = { $count ->
    [1] · { $name } × 1, your price of { $price } instead of { $list } with code { $code }, until { $until }
    [2] · { $name } × 2, one at your price of { $price } with code { $code } until { $until }, the other at { $list }
   *[other] · { $name } × { $count }, one at your price of { $price } with code { $code } until { $until }, the others at { $list } each
}
total-line-apart = · { $name } × { $count }, { $list } each (your price of { $price } for one takes another order, with code { $code })
total-short = Only { $stock } of { $name } are in stock.
total-coupon = With code { $code } ({ $text }): { $total }.
total-postage = Postage: { $text }
total-sent = With postage ({ $postage }) { $total }. { $text }
total-sent-at-least = With postage ({ $postage }) { $total }, if nothing in it costs more to send. { $text }
product-known = I found nothing on just that. This is what the shop states; a colleague can check:
product-known-of = I found nothing on just that ({ $asked }). This is what the shop states; a colleague can check:
fact-unguessed-of = I won't guess about that ({ $asked }). Here is all that the shop states; don't rely on what isn't stated:
fact-stated = { $facts }.
product-gone = Sorry, that product isn't sold any more.
product-which = Which product do you mean? Its name or code will do.
product-which-of = { $count ->
    [1] This one?
   *[other] Which of these?
    }
search-one = I found this one:
search-found = I found these:
search-nothing = Sorry, I couldn't find that in the shop.
search-what = What kind of thing are you looking for?
variant-comma = {", "}
variant-there = Yes, there is:
variant-not-there = That one is { $stock }:
variant-sold-out = { $value } (sold out)
variant-more = { $values } and { $count } more
variant-values = { $name } is available in { $values }.
variant-none = I can't find { $name } in { $wished }. There is: { $values }.
stock-gone = no longer sold
stock-in = in stock
stock-few = only { $count } left
stock-out = out of stock, no date yet for more
stock-back = out of stock, expected back { $day }
stock-answer = { $name }: { $stock }, { $price }.
restock-asked = { $name } is { $stock }. I'll write to you here once when it's back, and nothing else comes of it (request { $request }). If you don't need it any more, just say so.
restock-there = { $name } is in stock, { $price }.
restock-versions = If you mean another version, tell me which:
restock-never = { $name } is no longer sold and won't be back.
restock-open = I'll write to you here once when it's back: { $what }, request { $request } of { $when }.
restock-told = I told you about it: { $what }, request { $request }.
restock-ended = It was ended: { $what }, request { $request }.
restock-withdrawn = Done, you won't get that message: { $what }, request { $request }.
restock-none = You haven't asked for a message about a product that is sold out.
restock-back = It's back in stock: { $price }. You asked to be told (request { $request }); that was the one message about it.
price-on-sale = { $price } (was { $was })
price-personal = { $price } instead of { $list } (yours until { $until })
card-code = Your code: { $code }
price-answer = { $name } is { $price }, { $stock }.
price-yours = Your personal price for { $name } is { $price } (instead of { $list }), { $stock }. Use code { $code } at checkout, valid until { $until }.
recommend-yours = Going by what you've bought and looked at, how about these?
recommend-popular = These are popular right now:
recommend-unsure = I'm not sure we have just that. How about these?
recommend-like = Similar to “{ $name }”:
recommend-instead = { " " }How about these?
recommend-nothing = I have nothing more to suggest right now. What kind of thing are you looking for?
need-still = These still fit:
need-why = { $wish }: { $fact }
need-within = { $sum }
need-at-most = { $sum } or less
need-at-least = { $sum } or more
need-between = { $low } to { $high }
need-other-colours = The shop states none of what fits in that colour. It comes in these:
need-nothing = Nothing else in the shop fits all of that.
need-nothing-priced = Nothing that fits costs { $sum }. The nearest, “{ $name }”, costs { $price }.
need-gone = “{ $name }” would fit, but it is { $stock }. Nothing else in the shop fits.
need-nothing-stated = I have nothing to recommend for that. { $why }
unfit-price = { $name } costs { $price }; you said { $sum }.
unfit-gone = { $name }: { $stock }.
unfit-unstated = I can't say that { $name } fits. { $why }
unfit-other = { $name } doesn't fit what you told me.
need-unstated-allergy = I leave out what the shop doesn't state to be free of { $what }.
need-unstated-diet = I leave out what the shop doesn't state to be { $what }.
need-unstated-age = I leave out what the shop doesn't state to be for that age.
reason-bought_together = Often bought with what you have
reason-bought_together-of = Often bought with “{ $name }”
reason-viewed_together = Often looked at with what you've seen
reason-viewed_together-of = Often looked at with “{ $name }”
reason-buy_again = You've bought it before; time for more?
reason-similar_content = Similar to what you've looked at
reason-similar_content-of = Similar to “{ $name }”
reason-new_product = New in
reason-popular = A bestseller here

## Prices and offers

offer-first =
    { $name } is { $list }; I can do { $price } for you ({ $saved } off).
    Code { $code }, valid until { $until }.
offer-last = That's my last word: a personal price of { $price } for { $name } (instead of { $list }), code { $code }, until { $until }. It follows the shop's rules, the same for everybody who has bought as much here, so I can't go below it.
offer-order = The price stays as I said, so let me help you get it: put { $name } into the basket and use your personal code { $code }, then it's { $price }. Is there anything you'd like to know about it first?
offer-later = It's still { $price }, your personal price; asking again won't change it. Code { $code } waits for you until { $until }.
offer-still = { $price } it is, whoever asks; your code { $code } works until { $until }.
offer-disclosure = This price was personalised for you, based on { $basis }. Send /prices to switch personal prices off.
price-basis-loyalty = your purchases here
price-basis-bought_before = your having bought it before
price-basis-overstock = our stock of it
price-basis-win_back = an automatic estimate, from your purchases, of how likely you are not to come back
price-basis-live_step = what customers who bought less than you are offered
price-rules-comma = {", "}
price-rules-join = {" "}
price-rules-off = At present nobody is offered a personal price.
price-rules-days = { $off } % from { $days }
price-rules-loyalty = By the days on which you bought in the last 12 months: { $steps }.
price-rules-learned = By the days on which you bought in the last 12 months (from { $days }): how much each step gives follows from what our offers have brought so far, and who bought more never gets less.
price-rules-bought = { $off } % more off a product that you have bought before.
price-rules-cover = { $off } % where our stock lasts { $days } days
price-rules-overstock = For everybody: { $steps }.
price-rules-win-back = Customers who have been away for long may get { $least }–{ $most } % more in a message; how much follows from an estimate of how likely they are not to come back.
price-rules-most = In all at most { $most } %, less where our cost sets a limit. What somebody who bought less than you is offered for a product, you get for the asking, too.
offer-line = · { $name }: your price { $price } (instead of { $list }), code { $code }, until { $until }
offer-link-first = Once I know it's you, I can check for a personal price.
reduced-now = Reduced at the moment:
reduced-line = · { $name }: { $price }, { $stock }
price-best = { $name } is { $price }; there's no extra discount at the moment.
price-best-last = I really can't go lower: { $name } is { $price }. The price is the same for everybody, and there is no coupon for it right now.
price-best-order = The price stays as it is, so let me help you with the order instead: { $name } at { $price }. Is there anything you'd like to know about it first?
price-best-later = It's still { $price }; asking again won't change it. I can show you something cheaper of the same kind, though.
price-best-still = { $price } it is, whoever asks. I'm glad to help with anything else about it.
price-public = { $name } is { $price }.
price-coupon = { $name } is { $price }. With code { $code } ({ $text }) it comes to { $left }.
price-coupon-last = { $left } with code { $code } is my last word for { $name }: the price is the same for everybody, and no coupon takes off more.
price-coupon-last-offer = { $left } with code { $code } is my last word for { $name }: that is below your price of { $price }, and no coupon takes off more.
price-coupon-order = The price stays as I said, so let me help you with the order instead: { $name } with code { $code } comes to { $left }. Is there anything you'd like to know about it first?
price-coupon-later = It's still { $left } with code { $code }; asking again won't change it. I can show you something cheaper of the same kind, though.
price-coupon-still = { $left } with code { $code } it is, whoever asks. I'm glad to help with anything else about it.
bargain-rival = We don't match other shops' prices.
bargain-rival-sum = We don't match other shops' prices, so { $sum } isn't possible here.
bargain-bid = { $sum } isn't possible, sorry.
bargain-end = I've said all I can about the price. Shall a colleague have a look?
bargain-enough = You needn't pay that much: here it's { $price }.
bargain-gift = I can't promise a gift with it: none goes with orders right now, as far as I know.
bargain-each = Then here is each of them:
bargain-each-again = That is what each of them costs. Tell me which one you'd like, and I'll help you order it.
bargain-which = Which of these is it about?
bargain-each-line = · { $name }: { $price }
bargain-each-coupon = · { $name }: { $price }, { $left } with code { $code }
bargain-name = Gladly, once I know which product it is: its name or code will do.
bargain-think = Of course, take your time. Write whenever you've decided.
bargain-think-until = Of course, take your time: code { $code } holds until { $until }.
bargain-left = No problem, thanks for looking. Write any time.
bargain-left-cheaper = No problem. If it's the price, these are cheaper and of the same kind; otherwise, write any time.
bargain-none-cheaper = { $name } is the cheapest of its kind that is in stock.
more-same = { $name } costs { $price } apiece however many you take.
more-same-offer = { $name } costs { $list } apiece however many you take; one of them is yours for { $price } with code { $code }, until { $until }.
more-coupon = With { $count } of them ({ $sum }) there's code { $code } ({ $text }): { $left }.
more-postage = { $count } of them come to { $sum } and go post-free (from { $least }).
more-free = That goes post-free (from { $least }).
order-plain = { $count } × { $name }: { $total }.
order-with-code = { $count } × { $name } with code { $code }: { $total }.
order-personal = That's your personal price: { $price } instead of { $list }, until { $until }.
order-personal-one = The code is for one piece: that one is { $price } instead of { $list }, your personal price until { $until }.
order-link = The button leads to the order.
order-link-code = The button puts it into the basket with code { $code } in it.
order-link-enter = The button leads to the order; enter code { $code } there.
order-on-site = You order it on our site.
order-not-there = I'm afraid { $name } can't be ordered right now: { $stock }.
coupons-now = On offer right now:
coupons-ask = Which product would you like a price for? Its name will do.
coupons-none = There are no coupons for everyone right now. Which product do you have in mind? I'll check its price for you.
coupon-line = · { $text }, code { $code }, until { $until }
coupon-line-always = · { $text }, code { $code }
not-for-nothing = I can't give it away 😄 but let me see whether there's a better price for you.
code-which = Please send me the code and I'll see what's wrong with it.
code-look = Send me the code if you'd like me to look it up.
code-personal = Code { $code } works, but only for “{ $name }”, until { $until }.
code-unknown = I can't find code { $code }. Could there be a typo?
code-used = Code { $code } was already used on { $when }.
code-expired = Code { $code } expired on { $when }.
code-early = Code { $code } isn't valid until { $when }.
code-used-up = Code { $code } has been used as often as it could be: it was for a limited number of orders.
code-used-by-you = You've used code { $code } as often as one customer can.
code-valid = Code { $code } is valid: { $text }, until { $until }. Does your basket qualify?
code-valid-from = Code { $code } is valid: { $text }, for orders from { $least }, until { $until }. Does your basket qualify?
code-valid-always = Code { $code } is valid: { $text }, with no end date. Does your basket qualify?
code-valid-from-always = Code { $code } is valid: { $text }, for orders from { $least }, with no end date. Does your basket qualify?
coupon-amount = { $off } off
coupon-amount-from = { $off } off orders of { $least } or more
coupon-percent = { $off } off
coupon-percent-from = { $off } off orders of { $least } or more
coupon-only = { $text }, only for { $only }
coupon-some-of = { $names } and others

## Payment, invoices, price drops

payment-unpaid = Your order { $number } shows as unpaid; { $total } is due.
payment-help = If paying fails, another payment method often works. If money was taken but the order hasn't changed, a colleague will check it right away.
invoice-title = An invoice for order { $number }: for you or for a company? For a company, please send me its name and tax number.
tax-number-which = What is the company's tax number? If it has none, just say so.
tax-number-again = The tax number “{ $told }” doesn't look complete. Could you check it and send it again?
email-again = The e-mail address “{ $told }” doesn't look complete. Could you send it again?
invoice-asked = I've asked for the invoice for order { $number }, request { $request }. You'll get it as soon as it's made.
protection-seen = Nothing in order { $number } is cheaper here now than when you bought it. If you saw it cheaper, where and at what price? I'll pass it on.
protection-confirm = Nothing in order { $number } is cheaper here now than when you bought it. Shall I ask a colleague to look into the difference, with what you saw: { $told }?
protection-seen-asked = I've asked for the difference for order { $number }, with what you saw ({ $told }), request { $request }. A colleague checks it against the rules.
protection-asked = You paid { $paid } for “{ $name }”; it's { $current } now, { $difference } less. I've asked for the difference for order { $number }, request { $request }. A colleague will check it against the rules.

## Points, reviews, data

points = You have { $points } points. Your level: { $tier }.
points-latest = The latest changes:
points-change = { $day }: { $change }
points-change-why = { $day }: { $change }, { $why }
points-of-order = order { $number }
tier-standard = standard
tier-silver = silver
tier-gold = gold
tier-platinum = platinum
review-stars = Glad to hear from you! How many stars for “{ $name }”?
review-too-early = Order { $number } hasn't been delivered yet. Please come back once you have it.
review-thanks = Thank you for your review!
review-sorry = Thank you, and I'm sorry it didn't please you. A colleague can help to put it right.
data-linked = { $orders ->
    [one] We keep your one order
   *[other] We keep your { $orders } orders
    }, { $points } points, your contact details{ $addresses ->
    [0] {""}
    [one] , an address
   *[other] , { $addresses } addresses
    }{ $birthday ->
    [yes] , your birthday
   *[no] {""}
    } and this chat. { $news }
data-unlinked = We only keep this chat; it isn't linked to any customer record. { $news }
data-news-on = You've agreed to receive offers.
data-news-off = You don't receive offers here.
data-export-asked = I've asked for a copy of your data, request { $request }. You'll get it as soon as it's ready.
data-erase-confirm = This can't be undone: your name, contact details and chats will be deleted, and your points are lost. Ask for deletion?
data-erasure-asked = I've asked for your data to be deleted, request { $request }. You'll hear from us here before it is done; after that nothing is left to write to you with.
personal-prices-are-on =
    Personal prices are on: based on your purchases, we may offer you prices below those for everybody.
    { $rules }
personal-prices-are-off = Personal prices are off: you see the same prices as everybody.
personal-prices-on = Personal prices are on.
personal-prices-off = Personal prices are off. From now on you see the same prices as everybody, and your purchases aren't used for pricing.
personal-prices-unlinked = This account isn't linked to a customer, so you only see the prices for everybody.

## What is asked of the last answer

sure = { $of ->
    [order] Yes, that's what the shop's system shows right now. What the carrier writes can lag behind; a colleague can check it.
    [pages] Yes, that's what the shop's pages say. If you doubt it, a colleague can check.
   *[else] Yes, that's what I have here. If you doubt it, a colleague can check.
}
why-unknown = The shop's pages don't say why. A colleague may know more.
why-way = The carrier gives no reason.
why-cancelled = Order { $number } was cancelled. Why isn't on record here; a colleague can look it up.
next-waits = There's nothing you need to do now. { $state }
next-unsent = Order { $number } hasn't shipped yet. Until it does, it can be cancelled or its address changed; otherwise there's nothing you need to do.
next-sent = Order { $number } is on its way, so there's nothing you need to do. If it takes too long, I can have the carrier chased; once it's there, you can return or exchange it.
next-packed = Order { $number } is packed and leaves soon. Nothing of it can be changed any more; there's nothing you need to do.
next-delivered = Order { $number } shows as delivered. You can return or exchange it, tell me what is wrong with it, or say that you haven't got it.
next-ended = Order { $number } is closed, so there's nothing left to do about it here. If something is still missing, a colleague can look into it.
way-no-hour = The carrier gives a day and no time of day.

## Consent, language, people

# The question that a customer says yes to before anybody writes to them; it is kept with their yes as they read it.
opt-in-question = May { $shop } write to you now and then about offers and products that may suit you, here or in another chat that is linked to you? What you bought helps to choose them. You can end it at any time: just say stop.
opt-out-question = Shall I stop sending you offers? Replies about your orders still reach you.
opted-out = Done: no more promotions, starting now. Replies about your orders still reach you.
opted-in = Great, I'll let you know about offers. Say stop at any time.
opted-in-already = You already get our offers. Say stop at any time.
news-kept = Fine, nothing has changed. What can I do for you?
language-which = Which language? 想用哪种语言？
language-set = Okay, English from now on.
# What the pages are asked in place of a message to which no passage is near.
page-question-delivery_time = How long does delivery take?
page-question-shipping_options = Where do you deliver, and by which carriers?
page-question-shipping_fee = How much is shipping?
postage-more-question = Which goods cost more to send?
page-question-return_policy = What are the rules for returns?
page-question-warranty_repair = How long is the warranty and who repairs things?
page-question-usage_help = Where do I find instructions for use?
page-question-payment_methods = Which payment methods are there?
page-question-place_order = How do I place an order?
page-ask-price_match = Do you match the price of another shop?
page-ask-gift = Do I get a free gift with an order?
page-ask-allergens = Which allergens are there, and can there be traces?
page-ask-bulk = Is there a discount for large quantities?
express-question = Can I get it faster, by express?
size-question = Which size should I take?
page-question-store_info = Where is your shop?
rule-question-membership_points = How do I earn points and how much are they worth?
page-question-account_problem = What can I do when I can't sign in to my account?

pages-unknown = I don't have a reliable answer to that, and I'd rather not guess. Shall I ask a colleague?
pages-not-stated = This is all that our pages say of it:
    { $text }
    A colleague can tell you more.
pages-other-language = This is only written in Chinese so far:
repeat-short = In short: { $text }
repeat-nothing = I haven't said anything yet. What can I do for you?
complaint = I'm very sorry about this. Tell me which order and what went wrong: I can look for the parcel, or ask for a return, an exchange or a refund at once. Or shall a colleague take over?
complaint-again = I understand that you're angry; anybody would be. Shall I pass you on to a colleague now? Or tell me which order it is, and I look into it at once.
complaint-waiting = I'm very sorry about this. I've asked my colleagues to answer you first.
human-offer = Shall I pass you on to a colleague?
sorry-first = I'm sorry about the trouble.{ " " }
sorry-trouble = I'm sorry about that.{ " " }
handed-over-closed = I've passed you on to my colleagues. They are back at { $opens } and will answer then. Feel free to add details here; they can read everything.
handed-over-closing = I've passed you on to a colleague, who will answer before { $closes } or, if there isn't enough time, from { $opens }. Feel free to add details here; they can read everything.
handed-over = I've passed you on to a colleague, who will answer within { $within }. Feel free to add details here; they can read everything.
case-number = Your case number is { $case }.
case-none = I can't find a case { $case } of yours.
case-waiting =
    Case { $case } of { $when } waits for a colleague{ $late ->
        [yes] . It takes longer than it should; you are not forgotten.
       *[no] , who answers by { $due }.
    }
case-taken = A colleague has case { $case } of { $when } and answers here.
case-back = Case { $case } of { $when } was ended { $ended } and is with me again. If it isn't settled, a colleague can take it up again.
case-closed = Case { $case } of { $when } was closed { $ended }. If it isn't settled, a colleague can take it up again.
complaint-noted = I'm very sorry about this. Your complaint is taken down with your words, its number is { $request }; the shift leader answers it. You can add to it here at any time. Shall a colleague take over this chat as well?

## While a conversation waits for a person

waiting-added-too = That's added, too.{ " " }
waiting-added = I've added that to your case: my colleagues see it with the rest. Anything else you write here goes to them, too.
waiting-wish = I've passed that on to the colleague who is going to answer: { $wish }. Nothing has been done about it yet.
waiting-within = A colleague will answer within { $within }.
waiting-until = A colleague will answer by { $at }.
waiting-closed = My colleagues are back at { $opens } and will answer then. They have your messages.
waiting-long = It is taking longer than I promised, I'm sorry. Your case is with my colleagues, and they answer as soon as they can.
waiting-left = All right, no colleague then: I'm here for you again. Say so if you'd like one after all.
waiting-fine = Good. You'll see the answer here as soon as a colleague writes.

## Danger: what to do now. Staff get an alarm and the conversation goes above all others

# Put your own emergency contacts and advice here; keep the number to call.
# The numbers where the customer is, or where the shop is if that isn't known: then with the last sentence.
emergency-number = { $number }
emergency-elsewhere = If you are in another country, call the emergency number there.
emergency-unknown = your local emergency number
emergency-crisis = a crisis line
danger-poison = Please stop using it and rinse mouth, eyes or skin with plenty of fresh water. Don't induce vomiting. Call { $ambulance } or a poison centre right now, and have the packaging at hand: they need to know what is in it.
danger-animal = Please ring a vet now, or the nearest emergency animal clinic out of hours, and say what happened: what it swallowed or touched, how much and when; have the packaging at hand. Don't make it vomit, and give it nothing to eat, to drink or to take unless the vet says so. Keep the rest out of its reach.
danger-poison-maybe-animal = If it is an animal that swallowed it:
danger-poison-air = Please get everybody out into fresh air now, and open doors and windows on the way only if that costs no time. Switch nothing on or off and light nothing. Then call { $fire }, and { $ambulance } for anybody who is dizzy, sick, has a headache or doesn't wake up. Don't go back in until they say that it is safe.
danger-allergy = Please stop using it right away and wash it off with fresh water. With trouble breathing, swelling of face or throat, or dizziness, call { $ambulance } at once. Keep the packaging: a doctor needs the list of ingredients. What it doesn't state, don't rely on.
danger-fire = Please get away from it first. If it is safe, switch off the power at the fuse or pull the plug; don't touch the device and never put water on anything electrical. If it burns or smokes, call { $fire }; if somebody got a shock, call { $ambulance }. Don't use it any more.
danger-injury = Please stop using it and look after the injury first: rinse with clean water and press on a wound that bleeds. If it bleeds heavily, or the head or the eyes are hurt, call { $ambulance } at once. Don't use it any more, and leave it as it is.
danger-self_harm = I'm sorry that you feel so bad, and I'm glad you wrote. Please don't stay alone with it: call { $ambulance } or { $crisis } now, or somebody you trust, and tell them how you feel. A person from here will read this, too.
danger-fraud = Please don't share any code or password, don't follow any link and don't pay anything. Change your password now; if card or bank details were given away, tell your bank at once and have the card blocked. We never ask for codes or passwords.
danger-double_charge = Your money isn't lost: a colleague checks first what was charged, and what was charged twice goes back. Please don't pay again. Keep a picture of both charges, without the card number.
danger-legal = I take this seriously and have passed it on to the person responsible here, who will answer you. Everything you have written is kept.
danger-again = My colleagues have this in front of everything else and will write to you here. If it gets worse or somebody is hurt, don't wait for us: call { $ambulance }, or { $fire } if something burns.

## Buttons

button-orders = My orders
button-recommend = Recommend something
button-offers = Offers
button-human = Talk to a person
button-no-human = I don't need a person
button-order = Order { $number }
button-track = Track with { $carrier }
button-chase = Chase it
button-return = Return it
button-missing = Not received
button-cancel = Cancel order
button-address = Change address
button-cancel-yes = Yes, cancel
button-cancel-no = No, keep it
button-refund = Ask for a refund
button-detail = Details
button-best-price = Any discount?
button-basket = To the basket
button-basket-several = { $count } to the basket
button-page = Order on its page
button-cheaper = Something cheaper
button-similar = Similar ones
button-restock = Tell me when it's back
button-redirect = Ask the carrier
button-call-yes = Yes, call me
button-call-no = No call
button-more = Show others
button-link = Confirm it's me
button-invoice-personal = For me
button-opt-out = Stop these
button-opt-in = Subscribe again
button-opt-in-yes = Yes, please
button-opt-in-no = No, thanks
button-opt-out-yes = Yes, stop
button-opt-out-no = No
button-prices = Personal prices
button-prices-on = Switch on
button-prices-off = Switch off
button-export = Export my data
button-erase = Delete my data
button-erase-yes = Yes, delete
button-erase-no = No, keep it

## Outreach
outreach-hello = Hi { $name }, it has been a while! { $shop } kept this for you.
outreach-price = { $price } for you (instead of { $list }) with code { $code }, until { $until }.
outreach-look = Have a look
outreach-stop = No more messages like this

## Failure
failed = I'm sorry, something went wrong on my side and I couldn't deal with your message. A colleague will look at it and write to you soon.

## Command menu
command-orders = My orders
command-offers = Offers
command-human = Talk to a person
command-stop = Stop messages
command-language = Change language
command-help = What I can do

## What became of a request

decision-accepted = Your request { $request } ({ $what }) has been accepted. A colleague is on it, and I'll tell you when it's done.
decision-erasing = Your request { $request } ({ $what }) has been accepted. Your name, contact details and this chat will be deleted shortly. This is our last message to you; if you write again, you start anew.
decision-declined = I'm sorry, your request { $request } ({ $what }) was declined.
decision-done = Your request { $request } ({ $what }) is done.
decision-note = From my colleague: { $note }
decision-kind-cancel_order = cancel order { $order }
decision-kind-change_order = change order { $order }
decision-kind-change_address = new address for order { $order }
decision-kind-refund = refund for order { $order }
decision-kind-return = return of order { $order }
decision-kind-exchange = exchange for order { $order }
decision-kind-account_address = the address in your account
decision-kind-change_payment = payment of order { $order }
decision-kind-item_problem = problem with order { $order }
decision-kind-invoice = invoice for order { $order }
decision-kind-price_protection = price difference
decision-kind-restock_notice = a message when { $product } is back
decision-kind-parcels = how order { $order } is sent
decision-kind-redirect = redirecting order { $order }
decision-kind-repair = repair for order { $order }
decision-kind-points_check = points of order { $order }
decision-kind-payment_check = looking up the payment of order { $order }
decision-kind-complaint = your complaint
decision-kind-call_back = a call by a colleague
decision-kind-delivery_note = instructions for the courier of order { $order }
decision-kind-quote = an offer for many
decision-kind-data_export = a copy of your data
decision-kind-data_erasure = erase your data
decision-kind-chase_parcel = chasing the parcel of order { $order }
decision-kind-delivery_problem = trouble with the parcel of order { $order }
decision-kind-other = what you asked for
return-send-later = Where to send it comes from a colleague once the return has been asked for; please don't post it yet.

## Tasks: what a question is for, and what is still open after something else was answered

about-cancel_order = If you say yes, I ask my colleagues to cancel the order; if it can still be stopped, the money goes back the way you paid. Shall I?
about-change_items = Tell me what should be different about the order, in your own words: another size or colour, how many, or what to leave out.
about-change_address = I need the address as it should be on the parcel. What you don't mention stays as it is.
about-account_address = I need the address as it should be in your account. Orders that are under way keep theirs.
about-change_payment = Tell me which way of paying you'd rather use; a colleague then sends you what you need for it.
about-return = My colleagues need to know which item it is and what's the matter with it. Any reason will do.
about-exchange = Tell me which size, colour or version you'd like instead.
about-refund = My colleagues need to know which item it is about and why. Any reason will do.
about-item_problem = Tell me what's wrong and with which item; a photo helps. Then a colleague can offer an exchange or a refund.
about-delivery_problem = Tell me what happened to the parcel.
about-chase = I can ask a colleague to chase the carrier.
about-invoice = The title is the name that the invoice is made out to: your own, or a company's with its tax number.
about-price_protection = I compare what you paid with today's price. If you saw it cheaper elsewhere, my colleagues need to know where, and for how much.
about-restock_notice = I write to you once when the product is back, and for nothing else.
about-parcels = My colleagues need to know which orders go together, or in how many parcels.
about-redirect = I need the address in the same city to which the parcel should go.
about-repair = My colleagues need to know which item it is and what is wrong with it.
about-points_check = I can have your points looked into.
about-payment_check = I can have your payment looked up.
about-complaint = My colleagues read what you write about it.
about-call_back = I need a number and a time; then a colleague calls you. Shall I ask for it?
about-delivery_note = Tell me what the courier should do, such as leaving it with the guard or ringing before.
about-quote = My colleagues need to know which product and how many; then they send you an offer.
about-data_export = You get a copy of what we keep about you.
about-delete_data = If you say yes, my colleagues delete your name, contact details and chats. It can't be undone. Ask for it?

still-cancel_order = And the order: shall I ask for it to be cancelled?
still-change_items = And the change to your order: what should it be?
still-change_address = And the new address: just send it when you have it.
still-account_address = And the address for your account: just send it when you have it.
still-change_payment = And the payment: how would you rather pay?
still-return = And the return: what's the reason?
still-exchange = And the exchange: what would you like instead?
still-refund = And the refund: what's the reason?
still-item_problem = And the problem: what's wrong with it?
still-items = And which item of the order is it?
still-delivery_problem = And the parcel: what happened?
still-chase = And the parcel: shall I have it chased?
still-invoice = And the invoice: in whose name?
still-price_protection = And the price difference?
still-restock_notice = And the message when it's back: for which product?
still-parcels = And the parcels: which orders go together?
still-redirect = And the parcel on its way: where should it go?
still-repair = And the repair: what is wrong, and with which item?
still-points_check = And your points: which order is it?
still-payment_check = And your payment: which order is it?
still-complaint = And your complaint: is there anything to add?
still-call_back = And the call: to which number, and when?
still-delivery_note = And the delivery: what should the courier do?
still-quote = And the offer: which product, and how many?
still-data_export = And the copy of your data?
still-delete_data = And your data: shall I ask for it to be deleted?
