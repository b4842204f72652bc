# 机器人说的话。店铺可以在自己的 texts 文件夹里放同名文件，覆盖其中任何一条。

## 打招呼、闲聊

greeting-new = 您好，这里是{ $shop }。订单、商品、优惠，直接问我就行。
greeting-known = { $name }，您好！这里是{ $shop }，今天想问点什么？
greeting-again = 我在呢，您说。
demo-note = （这是演示店铺，商品和订单都是虚构的。）
help =
    直接用一句话问我就可以，比如：
    “我的快递到哪了”
    “这件有 M 码吗”
    “能便宜点吗”
    /orders 看订单，/stop 不再收到推广消息，/language 换语言，/human 找人工。
thanks = 不客气！还有需要随时叫我。
goodbye = 好的，祝您生活愉快，有事随时来找我！
affirm-nothing = 好的。您接下来想问什么？
deny-nothing = 好的，那就先不弄了。有需要再叫我。
chitchat = 哈哈，聊天我不太在行，查订单、挑商品我倒是很熟。
chat-robot = 我是店里的自动客服，不是真人。您的问题我来处理，需要真人随时说“转人工”。
chat-orders = 这个我做不到：价格和规则由店铺决定，我改不了。订单和商品的事我可以帮您。
out-of-scope = 这个超出我的能力了，我只懂店里的事：订单、商品、优惠和售后。
emoji-glad = 😊 有需要随时叫我。
emoji-sad = 看起来您不太开心，是遇到什么问题了吗？跟我说说，我来想办法。
emoji-none = 我在呢，您想问什么？
nothing-written = 好像没收到内容，您再发一次？

## 网页聊天的快捷提问：还没写过消息的访客看得到，点了就按原文发出

# 等号后面留空，就不显示这一条。
question-1 = 我的订单到哪了？
question-2 = 退货有什么规定？
question-3 = 帮我选一款

## 网页聊天里，顾客可能在人工回复前离开时的邮箱表单

email-ask = 我们会在这里回复。如果您要先离开，可以写到哪个邮箱？
# 和上面的问题一起，与邮箱一同保存：访客同意的就是这两句。
email-consent = 邮箱只用于这次回复，不会用来发广告。
email-label = 您的邮箱
email-keep = 保存
email-decline = 不用了
email-change = 修改
email-kept = 记下了。如果您那时已经离开，我们可以写到 { $email }。
email-wrong = 这不是邮箱地址，应该像 name@example.com 这样。

## 没听懂

unclear = 抱歉，这句我没看懂。您能换个说法吗？比如告诉我订单号，或者商品的名字。
unclear-upset = 很抱歉让您不满意。您能再说一下遇到了什么问题吗？也可以直接让同事来处理。
unclear-again = 抱歉，我还是没弄明白。要不要我请同事来帮您？
pages-nearest = 我不太确定您的意思，店里的说明里最接近的是：
said-before = 这件事目前的情况就是前面说的那样，没有新的变化。如果您问的是别的，请换个说法告诉我，或者我请同事来帮您？
said-before-else = 我能查到的就是前面说的这些，可能没理解您的意思。您可以换个说法，或者我请同事来帮您？
said-again = 还是前面说的：{ $text }
said-before-again = 这件事我这边没有更多信息了。要不要我请同事来帮您？
still-needed = 还需要您告诉我：{ $text }
ask-back-two = 您是想问“{ $first }”，还是“{ $second }”？
ask-back-one = 您是想问“{ $first }”吗？
button-stale = 这个按钮已经过期了。您直接告诉我需要什么就好。
command-unknown = 没有这个命令。您直接用一句话告诉我就行。
skill-off = 这件事目前由同事来处理，要帮您转过去吗？
skill-failed = 抱歉，我这边出了点问题，没能查到。

ask-order_status = 订单到哪了
ask-delivery_time = 多久能到
ask-shipping_options = 配送方式
ask-shipping_fee = 运费
ask-delivery_problem = 包裹出了问题
ask-change_address = 改收货地址
ask-change_order = 改订单内容
ask-cancel_order = 取消订单
ask-account_address = 账户里的地址
ask-payment_change = 换付款方式
ask-exchange_request = 换货
ask-chase_parcel = 催快递
ask-place_order = 怎么下单
ask-return_request = 退货或换货
ask-return_policy = 退换货规则
ask-refund_request = 申请退款
ask-refund_status = 退款进度
ask-item_problem = 商品有问题
ask-warranty_repair = 保修维修
ask-usage_help = 怎么使用
ask-product_question = 商品详情
ask-product_compare = 比较商品
ask-reorder = 再买一次
ask-product_search = 找商品
ask-stock_question = 有没有货
ask-restock_notice = 到货提醒
ask-parcels = 合并或拆分发货
ask-stands_still = 物流没有更新
ask-redirect = 改派快递
ask-repair_request = 维修
ask-points_check = 积分没到账
ask-payment_check = 核对付款
ask-call_back = 让客服回电
ask-delivery_note = 配送要求
ask-quote = 批量报价
ask-recommend_request = 推荐商品
ask-price_question = 价格
ask-discount_request = 优惠
ask-price_protection = 补差价
ask-coupon_problem = 优惠码用不了
ask-payment_methods = 付款方式
ask-payment_problem = 付款遇到问题
ask-invoice_request = 开发票
ask-account_problem = 账号问题
ask-membership_points = 会员和积分
ask-complaint = 投诉
ask-human_agent = 找人工
ask-order_facts = 订单里有什么
ask-request_status = 申请进度
ask-repeat = 再说一遍
ask-language = 切换语言
ask-store_info = 店铺信息
ask-leave_review = 评价商品
ask-opt_out = 不再收推广消息
ask-opt_in = 接收优惠消息
ask-my_data = 我的个人数据

## 图片、语音

media-voice = 语音我还听不了，麻烦您打字告诉我，或者我请同事来听。
media-picture = 图片收到了，不过我看不懂图里的内容。您说说想问什么？
media-picture-kept = 图片收到，已经存到对话里，同事能看到。您再用文字说一下情况？
media-file = 文件收到了，我打不开，同事可以看。您想办什么事？
media-place = 位置收到了。要改收货地址的话，请用文字发给我。
media-other = 这种消息我还看不了，您打字告诉我就好。

## 身份确认

link-ask =
    查订单前要先确认是您本人。
    请发给我：订单号，加上收货手机号后四位（或下单邮箱）。
link-ask-again = 我需要订单号和收货手机号后四位（或下单邮箱），比如“A1024 5678”。手边没有的话可以转人工。
link-number = 收到。订单号是多少呢？
link-second-fact = 为了保护隐私，查之前请再告诉我收货手机号后四位，或下单用的邮箱。
link-for-theirs = 要办您自己的订单，请发给我：订单号，加上收货手机号后四位（或下单邮箱）。
link-wrong = 这两项信息对不上。请核对一下订单号和手机号后四位（或邮箱），再一起发给我。
link-too-many = 核对次数太多了，为了安全请一小时后再试，或者让同事帮您核实。
link-paused = 最近核对失败的次数太多，为了保护大家的订单，这里暂时不能核对了。可以让同事帮您查。
link-declined = 没问题，不查也行。其他事可以直接问我。
link-done = { $known ->
    [yes] { $name }，核对好了，谢谢！
   *[no] 核对好了，谢谢！
    }
link-opened = { $known ->
    [yes] { $name }，您好！已经连上您在店里的账户，订单的事直接问我就行。
   *[no] 已经连上您在店里的账户，订单的事直接问我就行。
    }
link-expired = 这个链接已经过期了。请在店铺里重新获取一个，或者用订单号来核对。
link-invalid = 这个链接不能用了。请在店铺里重新获取一个，或者用订单号来核对。

## 订单

status-placed = 待付款
status-paid = 已付款，备货中
status-packed = 已打包
status-shipped = 运输中
status-delivered = 已送达
status-cancelled = 已取消
status-returned = 已退货
items-more = { $first }等 { $count } 件
order-line = · { $number }｜{ $items }｜{ $status }｜{ $day } 下单
order-fact-lines = 订单 { $number } 里有：
order-fact-line = · { $name } × { $count }，单价 { $price }
order-fact-count = 一共 { $count } 件，订单 { $number }：
order-fact-costs = 一共 { $total }，订单 { $number }：商品 { $goods }，{ $shipping }。
order-fact-discounted = 一共 { $total }，订单 { $number }：商品 { $goods }，优惠 { $discount }，{ $shipping }。
shipping-costs = 运费 { $fee }
shipping-free = 免运费
order-fact-total = 一共 { $total }，订单 { $number }。
order-fact-placed = { $day } 下的单，订单 { $number }。
order-placed-at = 下单时间：{ $when }。
order-fact-price = { $count ->
    [1] { $price }：{ $name }，订单 { $number }。
   *[other] { $count } 件共 { $total }，单价 { $price }：{ $name }，订单 { $number }。
    }
order-sheet = 订单 { $number }，{ $day } 下单，{ $total }，{ $status }：
order-fact-unparted = 每个包裹里具体是哪些，没有记录。
order-fact-paid-with = { $way }付的，订单 { $number }。
order-fact-paid-unknown = 订单 { $number } 没有记录付款方式。
order-fact-paid = 收到了：订单 { $number } 的 { $total } 已于 { $day } 付款。
order-fact-packed-yes = 订单 { $number } 目前的状态：{ $status }。
order-fact-packed-no = 订单 { $number } 还没有打包：{ $status }。
order-fact-address = 订单 { $number } 寄到：{ $address }
order-fact-no-address = 订单 { $number } 没有记录地址。
paid-card = 银行卡
paid-wallet = 电子钱包
paid-bank_transfer = 银行转账
paid-cash = 现金
paid-qr = 扫码支付
paid-gift_card = 礼品卡
orders-sum = { $count } 单一共 { $total }：
orders-sum-line = · { $number }｜{ $items }｜{ $total }
lines-sum = { $count } 件一共 { $total }：
lines-sum-line = · { $number }｜{ $name } × { $count }，单价 { $price }
lines-sum-discount = 整单的优惠没有算在内。
orders-count = { $orders } 单一共 { $count } 件：
orders-way-line = · { $number }｜{ $items }｜{ $way }
orders-dearest = 最贵的是 { $day } 下的订单 { $number }，{ $total }：{ $items }。
orders-cheapest = 最便宜的是 { $day } 下的订单 { $number }，{ $total }：{ $items }。
orders-times = { $count ->
    [0] 一次也没有，您的订单里没找到。
   *[other] 一共 { $count } 次。
    }
way-delivered = { $day } 已送达
way-expected = 预计{ $day }送达
way-late = 晚了，原本预计{ $day }送达
way-seen = 订单 { $number } 最后一次更新是 { $when }，在{ $place }：{ $text }。
way-seen-placeless = 订单 { $number } 最后一次更新是 { $when }：{ $text }。
way-sent = 订单 { $number } 是 { $day } 发出的。
way-still = 之后 { $days } 天快递没有新的消息。
way-no-day = 订单 { $number } 还没有预计送达的日期。
verdict-yes = 是的。
verdict-no = 没有。
verdict-not-yet = 还没有。
verdict-in-time = 应该可以。
verdict-too-late = 恐怕赶不上。
verdict-unsure = 这个我不能保证。
order-no-carrier = 订单 { $number } 还没有快递信息。
order-which = 您说的是哪个订单？
order-which-again = 记下了。说的是哪一单？
order-which-photo = 照片收到了。是哪个订单的？
orders-recent = 您最近的订单：
orders-none = 您的账户下还没有订单。
order-not-found = { $number } 不是您账号里的订单，没法查看或修改，麻烦核对一下号码。
order-yours = 您最近的订单是：
order-placed = 订单 { $number }（{ $items }）还没付款，应付 { $total }。付款后就会安排发货。
order-paid = 订单 { $number }（{ $items }）已付款，正在备货，还没发出。
order-packed = 订单 { $number }（{ $items }）已经打包好，等快递来取。
order-shipped = 订单 { $number }（{ $items }）已经发出，物流信息还没更新。
order-delivered = 订单 { $number }（{ $items }）已经送达。
order-cancelled = 订单 { $number }（{ $items }）已取消。
order-never-paid = 这单没有付款记录。
order-returned = 订单 { $number }（{ $items }）已退货。
order-parcels = 订单 { $number } 分 { $count } 个包裹发出：
order-part-sent = 订单 { $number } 目前发出了一部分：
order-part-unsent = 订单 { $number } 的{ $items }还没有发出，已经发出的包裹里没有它。
parcel-holds = 包裹内：{ $items }
parcels-unsent = 还没发出：{ $items }
parcel-carrier = 快递
parcel-untracked = 暂无单号
items-comma = 、
parcel-label = 订单 { $number } 已交给{ $carrier }（{ $tracking }），等待揽收。
parcel-in_transit = 订单 { $number } 在路上，{ $carrier } { $tracking }。
parcel-out_for_delivery = 订单 { $number } 正在派送，{ $carrier } { $tracking }。
parcel-exception = 订单 { $number } 的包裹遇到了异常，{ $carrier } { $tracking }。
parcel-delivered = 订单 { $number } 已于 { $when } 送达（{ $carrier } { $tracking }）。
parcel-note = 快递记录：{ $text }
record = 订单 { $number } 的物流记录（{ $carrier } { $tracking }）：
record-line = · { $when } { $place }：{ $text }
record-line-placeless = · { $when }：{ $text }
parcel-scan = 最新动态：{ $text }，{ $place }，{ $when }
parcel-scan-placeless = 最新动态：{ $text }，{ $when }
parcel-expected = 预计{ $day }送达。
order-carrier = 订单 { $number } 由{ $carrier }配送，运单号 { $tracking }。
order-expected = 订单 { $number } 预计{ $day }送达。
parcel-late = 原本预计 { $day } 送到，已经晚了 { $days } 天，抱歉让您久等。
parcel-as-of = （信息截至 { $when }）
parcel-old = 注意：快递最后一次更新是 { $when }，之后没有新消息，信息可能不准。

## 改单、取消

cancel-confirm = 要取消订单 { $number }（{ $items }，{ $total }）吗？
cancel-asked = 已为订单 { $number } 提交取消申请，编号 { $request }。同事确认前订单还没有取消，有结果马上告诉您。
cancel-kept = 好的，那就保持不变。
cancel-withdrawn = 好的，申请 { $request }（{ $what }）已经撤回，一切保持原样。
task-confirm = 需要我为您提交这件事吗：{ $what }？
withdraw-confirm = 是要撤回申请 { $request }（{ $what }）吗？
cancel-accepted-already = 申请 { $request }（{ $what }）同事已经在办了，还能不能改或撤回要请同事看一下。
too-late-over = 订单 { $number } 目前是“{ $status }”，没法再改了。
packed-fixed = 打包之后就不能再取消或修改了。
too-late-packed-cancel = 不行了：订单 { $number } 已经打包，不能再取消。
too-late-packed-items = 不行了：订单 { $number } 已经打包，里面的东西不能再改，也不能再加。
too-late-packed-address = 不行了：订单 { $number } 已经打包，地址不能再改。
too-late-cancel = 订单 { $number } 已经发出（{ $status }），取消不了了。收到后可以退货。
too-late-address = 订单 { $number } 已经发出（{ $status }），地址改不了了。可以请快递在同城改派试试。
too-late-items = 订单 { $number } 已经发出（{ $status }），内容改不了了。收到后可以退换。
too-late-cancel-arrived = 订单 { $number } 已经送达，取消不了了，不过可以退货。
too-late-items-arrived = 订单 { $number } 已经送达，内容改不了了，不过可以退换。
address-which = 订单 { $number } 还没发出，可以申请改。请把新的收货信息发给我：姓名、电话和详细地址。
address-asked =
    已为订单 { $number } 提交改地址申请，编号 { $request }：
    { $address }
    同事确认前地址还没有改，有结果马上告诉您。
address-stays = 地址不变：{ $address }
items-which = 订单 { $number } 还没发出。您想怎么改？比如换成 M 码、数量改成 2。
items-asked = 已把您的修改要求提交给同事，订单 { $number }，申请编号 { $request }：{ $told }。确认前订单还没有改。
change-of = { $items }（{ $wanted }）
account-address-which = 可以申请修改账户里的收货地址。请把姓名、电话和完整地址发给我。
address-again = 只有“{ $told }”还不够寄到，请把省市区、路名和门牌号补全发给我。
phone-again = 电话“{ $told }”的位数不对，请再发一次完整的号码。
account-address-asked = 已提交修改账户地址的申请，编号 { $request }：{ $address }。同事确认前还没有改。
payment-open = 订单 { $number } 还没付款，不用申请更换：付款时直接选您要的方式就行。
payment-not-named = 店里写明的付款方式里没有“{ $told }”：
payment-which = 订单 { $number } 想换成哪种付款方式？
payment-asked = 已为订单 { $number } 提交更换付款方式（{ $told }）的申请，编号 { $request }。同事确认前还没有改。
items-of-order = 是订单 { $number } 里的哪一件？
    { $lines }
take-your-time = 好的，不着急，您方便了再说。
about-question = 问这个是为了把您的事办好。不方便的话，也可以让同事来处理。
request-corrected = 申请 { $request } 已改成：{ $told }。同事会按新的处理。
request-known = 这件事已经在 { $when } 申请过了，编号 { $request }，同事正在处理，有结果马上告诉您。
question-unanswered = “{ $question }”这一点我没有把握回答。您可以单独再问一次，或者我请同事来帮您？
kept-for-next = { $wish }我记下了，这件办好接着办。
requests-none = 目前没有待处理的申请，您在这里还没有提交过需要同事处理的事。
request-asked = 申请 { $request }（{ $what }）已在 { $when } 提交，还在等同事处理。
request-accepted = 申请 { $request }（{ $what }）已通过，正在办理。
request-declined = 申请 { $request }（{ $what }）没有通过。
request-done = 申请 { $request }（{ $what }）已办好。

## 批量报价、配送要求、回电

quote-what = 想要哪件商品的报价？
quote-how-many = 要多少件？
quote-too-few = 同一商品 { $least } 件起单独报价。
quote-asked = 已为您申请报价：{ $told }。申请号 { $request }，同事会在这里把报价发给您。公司名称、需要的日期等可以直接补充。
quote-question = 批量购买很多件有折扣吗？
payment-shows = 订单 { $number } 的付款已经到了，目前是“{ $status }”。
payment-check-asked = 已申请核对订单 { $number } 的付款，申请号 { $request }。请不要重复付款，同事会在这里答复。付款时间和方式可以直接补充。
points-check-asked = 已申请核对订单 { $number } 的积分，申请号 { $request }，同事会在这里答复。
repair-why = 订单 { $number } 的哪一件坏了，是什么故障？
repair-not-yet = 订单 { $number } 目前是“{ $status }”，还没有可以维修的东西。
repair-asked = 已为订单 { $number } 申请维修，申请号 { $request }。同事会在这里把寄件单发给您，收到之前请先不要寄出。
redirect-where = 订单 { $number } 已经发出，要请快递改派。要送到同城的哪个地址？
redirect-asked =
    已申请请快递把订单 { $number } 改派到下面的地址，申请号 { $request }：
    { $told }
    能不能改派，同事会在这里告诉您。
stands-still-not-yet = 快递不是每天都扫描。72 小时没有更新的话，我就请同事去问快递；您也可以现在就让同事去问。
parcels-how = 订单 { $number } 要怎么发：和哪一单一起，还是拆成几个包裹？
parcels-too-late = 订单 { $number } 目前是“{ $status }”，不能再合并或拆分了。
parcels-asked = 已申请（订单 { $number }，申请号 { $request }）：{ $told }。能不能办到，同事会在这里告诉您。
delivery-note-what = 订单 { $number } 送货时有什么要求？
delivery-note-asked =
    { $shipped ->
        [yes] 已申请把订单 { $number } 的要求转告快递，申请号 { $request }：{ $told }
       *[no] 已申请给订单 { $number } 备注配送要求，申请号 { $request }：{ $told }
    }
    快递办不到的话，同事会在这里告诉您。
call-back-number = 请同事打哪个号码？
call-back-when = 什么时候打方便？说个日期和时间，或者“随时”都行。
call-back-confirm =
    { $moved ->
        [yes] { $asked }没有人上班，同事可以在{ $at }打 { $phone }。这样可以吗？
       *[no] 请同事在{ $at }打 { $phone }，对吗？
    }
call-back-asked = 已安排回电：{ $at }打 { $phone }，申请号 { $request }。

## 退换、退款、包裹问题

return-why = 可以申请退换订单 { $number }（{ $items }）。请告诉我是哪件、想退还是换、什么原因？
refund-why = 可以为订单 { $number }（{ $items }）申请退款。请告诉我是哪件、什么原因？
item-problem-why = 抱歉给您添麻烦了。订单 { $number }（{ $items }）是哪件出了什么问题？可以附上照片。
return-asked = 已为订单 { $number } 提交退换申请，编号 { $request }。同事会确认寄回方式，请先不要寄出。
exchange-which = 可以为订单 { $number }（{ $items }）申请换货。要换哪一件、换成什么样的？
exchange-asked = 已为订单 { $number } 提交换货申请，编号 { $request }：{ $wanted }。同事会告诉您怎么寄回，请先不要寄。
refund-asked = 已为订单 { $number } 提交退款申请，编号 { $request }。审核有结果马上告诉您。
item-problem-asked = 非常抱歉！订单 { $number } 的问题已经提交给同事，编号 { $request }，他们会给您换货或退款的方案。有照片的话也可以发过来。
return-not-yet = 订单 { $number } 已经打包、还没发出，不能再取消，只能收到后再退。
return-too-late = 抱歉，不行了：订单 { $number } 是{ $day }送达的，到今天 { $days } 天，超过了规定的期限：
return-if-faulty = 如果是东西有问题，请告诉我哪里不对。
return-not-shipped = 订单 { $number } 还没发出，直接申请取消就可以，不用等收到再退。
# Asked of the shop's own pages, never said.
rule-question-delivery_time = 下单后什么时候发货？
rule-question-unpaid = 未付款的订单保留多久？
rule-question-refund_status = 退款多久到账
rule-question-change_address = 订单可以改地址吗？
rule-question-change_order = 订单里的商品可以改吗？
rule-question-return = 可以退货吗？几天之内？
rule-question-exchange = 可以换尺码或颜色吗？几天之内？
rule-question-cancel_order = 怎么取消订单？
rule-question-invoice_request = 怎么开发票？
rule-question-late = 包裹晚到或丢了怎么办？
rule-question-unsent = 订单什么时候发货？
rule-question-item_problem = 收到的东西坏了或少了怎么办？
rule-question-repair = 维修怎么办，要多少钱？
refund-none = 订单 { $number } 目前没有退款记录。需要申请退款吗？
refund-requested = 订单 { $number } 的退款 { $amount } 于 { $asked } 申请，正在审核。
refund-approved = 订单 { $number } 的退款 { $amount } 已审核通过（{ $asked } 申请），正在打款，还没到账。
refund-paid = 订单 { $number } 的退款 { $amount } 已于 { $paid } 退到{ $to }。
refund-approved-on = 订单 { $number } 的退款 { $amount } 已于 { $decided } 审核通过，正在打款，还没到账。
refund-declined = 订单 { $number } 的退款申请（{ $amount }，{ $asked }）没有通过。
refund-declined-on = 订单 { $number } 的退款 { $amount }（{ $asked } 申请）已于 { $decided } 被拒绝。
refund-decision = 原因：{ $reason }
refund-asked-because = 申请原因：{ $reason }
in-our-records = “{ $text }”（记录原文）
refund-kept = 比订单金额 { $total } 少 { $kept }。
refund-all = 这是订单的全部金额，含运费 { $shipping }。
refund-appeal = 有疑问可以说“转人工”，请同事再核实一次。
return-parcel-label = 您的退货（{ $carrier } { $tracking }）已登记，快递还没有揽收。
return-parcel-in_transit = 您的退货正在寄回的路上，{ $carrier } { $tracking }。
return-parcel-exception = 您的退货包裹遇到了异常，{ $carrier } { $tracking }。
return-parcel-delivered = 您的退货（{ $carrier } { $tracking }）已于 { $when } 到达我们仓库。
refund-goes = 退款会退到{ $to }。
request-added = 好的，已经补充到申请 { $request } 里，同事处理时会一起看到。
request-added-told = 好的，已经补充到申请 { $request } 里：{ $told }。同事处理时会一起看到。
order-newest = 您最近一单是 { $day } 下的订单 { $number }，{ $total }，{ $status }：
refund-same-way = 原付款方式
refund-short-requested = 退款 { $amount } 正在审核。
refund-short-approved = 退款 { $amount } 已通过，正在打款。
refund-short-paid = 退款 { $amount } 已退回。
refund-short-declined = 退款 { $amount } 的申请未通过。
refund-line = · { $number }｜{ $items }：{ $state }
refund-line-why = · { $number }｜{ $items }：{ $state }原因：{ $reason }
refund-sum-paid = 已退回 { $total }。
refund-sum-coming = 还有 { $total } 正在审核或打款。
refund-of = 这笔退款是订单 { $number } 的：{ $items }。
delivery-problem-asked = 很抱歉！订单 { $number } 的包裹已经请同事去核查，编号 { $request }，有结果马上告诉您。
chase-asked = 已经请同事去催订单 { $number } 的快递，编号 { $request }，有消息马上告诉您。

## 商品

separator = { " · " }
list-comma = ；
attribute = { $label }：{ $value }
fact = { $facts }（{ $name }）。
fact-yes = { $verb ->
    [can] 可以的，{ $facts }（{ $name }）。
    [have] 有的，{ $facts }（{ $name }）。
   *[is] 是的，{ $facts }（{ $name }）。
}
fact-no = { $verb ->
    [can] 不可以，{ $facts }（{ $name }）。
    [have] 没有，{ $facts }（{ $name }）。
   *[is] 不是，{ $facts }（{ $name }）。
}
fact-written = “{ $name }”的介绍里写着：{ $text }
fact-unguessed = 这个我不乱说。店里写明的都在下面，没写的请不要当作有或没有：
water-drops = （防滴水，不防泼溅）
water-splashes = （防泼溅，不能泡水）
water-jets = （防喷水，不能泡水）
water-under = （可短时浸水，1 米以内 30 分钟）
water-deep = （可浸水，深于 1 米）
not-stated = 没有写明
versions = “{ $name }”有 { $count } 种：
version-not-there = “{ $name }”{ $stock }。
version-same = “{ $name }”现在 { $price }，和您买的一样；{ $stock }。
version-more = “{ $name }”现在 { $price }，每件比您买的贵 { $difference }；{ $stock }。
version-less = “{ $name }”现在 { $price }，每件比您买的便宜 { $difference }；{ $stock }。
version-line = · { $version }：{ $price }，{ $stock }
size-fits = { $name }穿 { $size } 码。它的尺码表：{ $reason }；您是{ $told }。
size-row = { $size } 码 { $spans }
size-rows = ；
size-between = { $name }在 { $sizes } 两码之间。它的尺码表：{ $reason }；您是{ $told }。
size-apart = 按{ $name }的尺码表，您的几项尺寸对应不同的码：{ $reason }；您是{ $told }。
size-take-larger = 尺码表写明在两码之间选大一码：{ $size }。
size-take-smaller = 尺码表写明在两码之间选小一码：{ $size }。
size-rule = 店里的说明：{ $text }
size-beyond = 按尺码表，{ $told }没有合适的码（{ $name }）：{ $table }
size-table = { $name }的尺码表：{ $table }
size-ask = { $name }的码要看{ $measures }，分别是多少？（厘米、公斤）
size-no-table = 店里没有给出{ $name }的尺码表，尺码我不乱猜。
size-of-what = 您说的是哪一件？每件的尺码表不一样。
size-stock = { $size } 码：{ $stock }。
measure-told = { $name }{ $value }{ $unit }
measure-height = 身高
measure-weight = 体重
measure-chest = 胸围
measure-waist = 腰围
measure-hips = 臀围
measure-foot = 脚长
measure-worn = 平时的鞋码
unit-cm = 厘米
unit-kg = 公斤
reorder-last = 您 { $day } 的订单 { $number }，按今天的价格和库存：
reorder-usual = 您买过不止一次的，按今天的价格和库存：
reorder-line = · { $name } × { $count }：{ $price } · { $stock }
reorder-line-was = · { $name } × { $count }：{ $price }（当时 { $was }）· { $stock }
reorder-gone = · { $name } × { $count }：已经不卖了
reorder-sum = 有货的今天一共 { $total }，未算优惠券和运费。
reorder-sum-offer = 有货的今天一共 { $total }，其中一件“{ $name }”用优惠码 { $code }，未算运费。
reorder-how = 现在还没有下单，请从商品页购买：
reorder-nothing = 这些现在都买不到了。告诉我是做什么用的，我找类似的。
arrive-says = 送到那里，店里的说明是：{ $text }
arrive-unknown = 店里没有写明送货时间，{ $day }前能不能到我说不准。
arrive-late = 普通快递 { $day }前到不了。店里的说明：{ $text }
arrive-late-but = 普通快递 { $day }前到不了。店里的说明：{ $text }{ $faster }
arrive-likely = 店里的说明：{ $text }照这样 { $day }前能到，但我不能保证。
arrive-unsure = { $day }前能不能到，我不能保证。店里的说明：{ $text }
others-none-shown = 合适的里面没有比这些更{ $word }的了。
label-value = 折合单价
per-g = 每100克 { $price }
per-ml = 每100毫升 { $price }
per-piece = 每件 { $price }
per-asked = “{ $name }”合每{ $portion } { $each }：{ $amount }，{ $price }。
per-unstated = 店里没有写清这件有多少，每{ $portion }多少钱我算不出来。“{ $name }”现在 { $price }。
per-by-offer = { $unit }，一件 { $price }
best = 最{ $word }的是这款，{ $label }：{ $value }
best-of = 有货的 { $count } 种里最{ $word }的是这款，{ $label }：{ $value }
best-tied = 这 { $tied } 种并列最{ $word }，{ $label }：{ $value }
best-unstated = 另有 { $count } 种，店里没有写明这一点。
best-not-stated = 哪款最{ $word }，店里没有写明。先看看这几款：
compare-first = { $count ->
    [2] { $name }更{ $word }：{ $value }，{ $others }。
   *[other] { $name }最{ $word }：{ $value }；{ $others }。
}
compare-most = { $name }：{ $label } { $value }；{ $others }。
compare-item = { $name } { $value }
compare-comma = 、
compare-by = 相差 { $amount }。
compare-same = 这一点一样：{ $label } { $value }（{ $names }）。
compare-not-stated = 店里没有写明，比不了：{ $names }。
compare-line = · { $name }：{ $value }
compare-row = · { $label }：{ $values }
compare-between = {" / "}
compare-alike = 从写明的看都一样：{ $names }。
others = 有比“{ $name }”更{ $word }的：
others-none = 同类里没有比“{ $name }”（{ $value }）更{ $word }的了。
label-price = 价格
total = 一共 { $total }：
total-one = 一共 { $total }：{ $name } × { $count }，每件 { $price }。
total-one-offer = { $count ->
    [1] 一共 { $total }：{ $name } × 1，用优惠码 { $code } 是您的专属价（现价 { $list }），{ $until } 前有效。
   *[other] 一共 { $total }：{ $name } × { $count }，其中一件用优惠码 { $code } 按专属价 { $price }（{ $until } 前有效），其余每件 { $list }。
}
total-one-apart = 一共 { $total }：{ $name } × { $count }，每件 { $list }。其中一件的专属价 { $price } 要另下一单，用优惠码 { $code }。
total-line = · { $name } × { $count }，每件 { $price }
total-line-offer = { $count ->
    [1] · { $name } × 1，用优惠码 { $code } 按专属价 { $price }（现价 { $list }，{ $until } 前有效）
   *[other] · { $name } × { $count }，其中一件用优惠码 { $code } 按专属价 { $price }（{ $until } 前有效），其余每件 { $list }
}
total-line-apart = · { $name } × { $count }，每件 { $list }（其中一件的专属价 { $price } 要另下一单，用优惠码 { $code }）
total-short = “{ $name }”只有 { $stock } 件现货。
total-coupon = 用优惠码 { $code }（{ $text }）后 { $total }。
total-postage = 运费：{ $text }
total-sent = 连运费（{ $postage }）一共 { $total }。{ $text }
total-sent-at-least = 连运费（{ $postage }）一共 { $total }，如果其中没有要另加运费的。{ $text }
product-known = 没有找到这一点。店里写明的是这些，也可以请同事确认：
product-known-of = 没有找到这一点（{ $asked }）。店里写明的是这些，也可以请同事确认：
fact-unguessed-of = 这个（{ $asked }）我不乱说。店里写明的都在下面，没写的请不要当作有或没有：
fact-stated = { $facts }。
product-gone = 这件商品已经下架了。
product-which = 您说的是哪件商品？发个名字或货号给我。
product-which-of = { $count ->
    [1] 是这件吗？
   *[other] 是下面哪一件？
    }
search-one = 找到一件：
search-found = 找到这几件：
search-nothing = 店里暂时没有找到您说的。
search-what = 您想找哪一类东西？
variant-comma = 、
variant-there = 有的：
variant-not-there = 有这一款，不过{ $stock }：
variant-sold-out = { $value }（售罄）
variant-more = { $values }等，另有 { $count } 种
variant-values = “{ $name }”有：{ $values }。
variant-none = “{ $name }”没有{ $wished }的，目前有：{ $values }。
stock-gone = 已下架
stock-in = 有货
stock-few = 仅剩 { $count } 件
stock-out = 暂时缺货，补货时间还没定
stock-back = 暂时缺货，预计 { $day } 补货
stock-answer = “{ $name }”{ $stock }，{ $price }。
restock-asked = “{ $name }”{ $stock }。到货后我在这里给您发一次消息，只发这一次，不会发别的（申请号 { $request }）。不需要了跟我说一声就行。
restock-there = “{ $name }”现在有货，{ $price }。
restock-versions = 要是您说的是别的款，告诉我是哪一款：
restock-never = “{ $name }”已经下架，不会再补货了。
restock-open = 到货后我会在这里给您发一次消息：{ $what }，申请号 { $request }，{ $when } 登记的。
restock-told = 已经通知过您了：{ $what }，申请号 { $request }。
restock-ended = 已经结束：{ $what }，申请号 { $request }。
restock-withdrawn = 好的，不再给您发这条消息：{ $what }，申请号 { $request }。
restock-none = 您没有登记过到货提醒。
restock-back = 到货了：{ $price }。您登记过到货提醒（申请号 { $request }），这条消息只发这一次。
price-on-sale = { $price }（原价 { $was }）
price-personal = { $price }（您的专属价，现价 { $list }，{ $until } 前有效）
card-code = 您的优惠码：{ $code }
price-answer = “{ $name }”现在 { $price }，{ $stock }。
price-yours = “{ $name }”您的专属价 { $price }（现价 { $list }），{ $stock }。下单时填优惠码 { $code }，{ $until } 前有效。
recommend-yours = 按您之前买过和看过的，挑了这几件：
recommend-popular = 这几件很受欢迎：
recommend-unsure = 您说的这种，店里不一定有。先看看这几件：
recommend-like = 和“{ $name }”类似的有：
recommend-instead = 看看这些？
recommend-nothing = 暂时没有更多可以推荐的了。您想找哪一类？
need-still = 前面这些仍然合适：
need-why = { $wish }：{ $fact }
need-within = { $sum }
need-at-most = { $sum }以内
need-at-least = { $sum }以上
need-between = { $low }到{ $high }
need-other-colours = 合适的里面没有写明有这个颜色的，有的是这些：
need-nothing = 店里没有别的能同时满足这些要求的了。
need-nothing-priced = { $sum }没有合适的。最接近的“{ $name }”要 { $price }。
need-gone = 合适的是“{ $name }”，不过{ $stock }。店里没有别的合适的。
need-nothing-stated = 这方面没有可以放心推荐的。{ $why }
unfit-price = { $name }要 { $price }，您说的是{ $sum }。
unfit-gone = { $name }：{ $stock }。
unfit-unstated = { $name }合不合适我不能保证。{ $why }
unfit-other = { $name }不符合您说的要求。
need-unstated-allergy = 店里没有写明不含{ $what }的，我没有列出来。
need-unstated-diet = 店里没有写明是{ $what }的，我没有列出来。
need-unstated-age = 店里没有写明适合这个年龄的，我没有列出来。
reason-bought_together = 常和您买过的一起买
reason-bought_together-of = 买过“{ $name }”的人也常买
reason-viewed_together = 常和您看过的一起看
reason-viewed_together-of = 看过“{ $name }”的人也常看
reason-buy_again = 您之前买过，可能该补货了
reason-similar_content = 和您看过的类似
reason-similar_content-of = 和“{ $name }”类似
reason-new_product = 新品
reason-popular = 店里热卖

## 价格、优惠

offer-first =
    “{ $name }”现价 { $list }，给您 { $price }（省 { $saved }）。
    优惠码 { $code }，{ $until } 前有效。
offer-last = 这是最后的价了，最低价：“{ $name }”个人优惠价 { $price }（现价 { $list }），优惠码 { $code }，{ $until } 前有效。价格按店里的规则算，买得一样多的顾客都是这个价，我不能再往下让。
offer-order = 价格就是前面说的了，我来帮您下单吧：“{ $name }”放进购物车，用您的个人优惠码 { $code }，就是 { $price }。下单前还有什么想了解的吗？
offer-later = 还是 { $price }，这是给您的个人优惠价，再讲也不会变。优惠码 { $code } 给您留到 { $until }。
offer-still = 就是 { $price } 了，谁来讲都一样；您的优惠码 { $code } 到 { $until } 都能用。
offer-disclosure = 这是根据{ $basis }给出的个人优惠价；不想要个人价可以发 /prices 关闭。
price-basis-loyalty = 您在本店的购买记录
price-basis-bought_before = 您买过这件商品
price-basis-overstock = 这件商品的库存
price-basis-win_back = 系统按购买记录对您“不再回来”的可能性的自动估计
price-basis-live_step = 购买比您少的顾客正享有的优惠
price-rules-comma = 、
price-rules-join = {""}
price-rules-off = 目前不提供个人优惠价。
price-rules-days = { $days } 天起减 { $off }%
price-rules-loyalty = 按最近 12 个月的购买天数：{ $steps }。
price-rules-learned = 按最近 12 个月的购买天数分级（{ $days } 天起）：每一级减多少取决于以往优惠的效果，买得多的不会比买得少的优惠少。
price-rules-bought = 买过同一商品的再减 { $off }%。
price-rules-cover = 库存够卖 { $days } 天的减 { $off }%
price-rules-overstock = 对所有人：{ $steps }。
price-rules-win-back = 很久没来的老顾客，可能在消息里再得到 { $least }–{ $most }% 的优惠，多少取决于对“不再回来”的可能性的估计。
price-rules-most = 合计最多减 { $most }%，受成本限制时会少一些。买得比您少的人正享有的优惠，您问起时也能得到。
offer-line = · { $name }：专属价 { $price }（现价 { $list }），优惠码 { $code }，{ $until } 前有效
offer-link-first = 确认身份后，可以看看有没有给您的专属价。
reduced-now = 现在有降价的：
reduced-line = · { $name }：{ $price }，{ $stock }
price-best = “{ $name }”现在 { $price }，暂时没有额外优惠。
price-best-last = 真的没法再低了，“{ $name }”就是 { $price }。标价人人一样，眼下也没有它能用的券。
price-best-order = 价格不变，我来帮您下单吧：“{ $name }”{ $price }。下单前还有什么想了解的吗？
price-best-later = 还是 { $price }，再讲也不会变。要不我给您看看同类里便宜些的？
price-best-still = 就是 { $price } 了，谁来讲都一样。别的想了解的尽管问。
price-public = “{ $name }”现在 { $price }。
price-coupon = “{ $name }”现在 { $price }，用优惠码 { $code }（{ $text }）到手 { $left }。
price-coupon-last = “{ $name }”用优惠码 { $code } 到手 { $left }，这是最后的价了：标价人人一样，也没有减得更多的券。
price-coupon-last-offer = “{ $name }”用优惠码 { $code } 到手 { $left }，这是最后的价了：比您的专属价 { $price } 还低，也没有减得更多的券。
price-coupon-order = 价格就是前面说的了，我来帮您下单吧：“{ $name }”用优惠码 { $code }，到手 { $left }。下单前还有什么想了解的吗？
price-coupon-later = 还是用优惠码 { $code } 到手 { $left }，再讲也不会变。要不我给您看看同类里便宜些的？
price-coupon-still = 就是用优惠码 { $code } 到手 { $left } 了，谁来讲都一样。别的想了解的尽管问。
bargain-rival = 我们不跟别家比价。
bargain-rival-sum = 我们不跟别家比价，{ $sum } 做不到。
bargain-bid = { $sum } 真做不到，抱歉。
bargain-end = 价格上我能说的都说了。要不要请同事来看看？
bargain-enough = 不用那么多，我们这儿 { $price } 就可以。
bargain-gift = 赠品我不能随口答应：据我所知，现在下单没有赠品。
bargain-each = 那我把每件的价格都说一下：
bargain-each-again = 每件的价格就是上面这些了。看中哪件告诉我，我帮您下单。
bargain-which = 您说的是哪一件？
bargain-each-line = · { $name }：{ $price }
bargain-each-coupon = · { $name }：{ $price }，用优惠码 { $code } 到手 { $left }
bargain-name = 您说的是哪件商品？告诉我名字或货号，我马上看价格。
bargain-think = 不急，您慢慢考虑，想好了随时找我。
bargain-think-until = 不急，您慢慢考虑，优惠码 { $code } { $until } 前都有效。
bargain-left = 没关系，谢谢您来看看，有需要随时找我。
bargain-left-cheaper = 没关系。要是价格的原因，这几件同类的便宜些；不合适也没事，有需要随时找我。
bargain-none-cheaper = 有货的同类里，“{ $name }”已经是最便宜的了。
more-same = “{ $name }”买几件都是一件 { $price }。
more-same-offer = “{ $name }”买几件都是一件 { $list }；其中一件可以用您的优惠码 { $code } 按专属价 { $price }，{ $until } 前有效。
more-coupon = 买 { $count } 件（{ $sum }）可以用优惠码 { $code }（{ $text }），到手 { $left }。
more-postage = { $count } 件 { $sum }，包邮（满 { $least } 包邮）。
more-free = 已经包邮（满 { $least } 包邮）。
order-plain = “{ $name }”{ $count } 件，{ $total }。
order-with-code = “{ $name }”{ $count } 件，用优惠码 { $code }，{ $total }。
order-personal = 这是给您的个人优惠价：{ $price }（现价 { $list }），{ $until } 前有效。
order-personal-one = 这个码只管一件：这一件按您的个人优惠价 { $price }（现价 { $list }），{ $until } 前有效。
order-link = 点下面的按钮就能下单。
order-link-code = 点下面的按钮放进购物车，优惠码 { $code } 已经带上。
order-link-enter = 点下面的按钮下单，结算时填优惠码 { $code }。
order-on-site = 在我们的网店下单就行。
order-not-there = 抱歉，“{ $name }”现在下不了单：{ $stock }。
coupons-now = 现在可以用的优惠：
coupons-ask = 想看哪件商品的价格？告诉我名字。
coupons-none = 眼下没有通用的优惠券。想看哪件商品？告诉我名字，我帮您问个价。
coupon-line = · { $text }，优惠码 { $code }，{ $until } 前有效
coupon-line-always = · { $text }，优惠码 { $code }，长期有效
not-for-nothing = 白送可不行😄 不过我可以看看有没有能给您的优惠。
code-which = 请把优惠码发给我，我看看是什么原因。
code-look = 也可以把优惠码发给我，我帮您查。
code-personal = 优惠码 { $code } 有效，只能用于“{ $name }”，{ $until } 前有效。
code-unknown = 优惠码 { $code } 查不到，您看看有没有输错？
code-used = 优惠码 { $code } 已经在 { $when } 用过了。
code-expired = 优惠码 { $code } 已于 { $when } 过期。
code-early = 优惠码 { $code } 要到 { $when } 才开始生效。
code-used-up = 优惠码 { $code } 的使用次数已经用完了，这是限量的优惠。
code-used-by-you = 优惠码 { $code } 您已经用过，达到每人可用的次数了。
code-valid = 优惠码 { $code } 是有效的：{ $text }，{ $until } 前有效。看看订单金额和商品是否符合？
code-valid-from = 优惠码 { $code } 是有效的：{ $text }，满 { $least } 可用，{ $until } 前有效。看看订单金额和商品是否符合？
code-valid-always = 优惠码 { $code } 是有效的：{ $text }，长期有效。看看订单金额和商品是否符合？
code-valid-from-always = 优惠码 { $code } 是有效的：{ $text }，满 { $least } 可用，长期有效。看看订单金额和商品是否符合？
coupon-amount = 立减{ $off }
coupon-amount-from = 满{ $least }减{ $off }
coupon-percent = 打{ $off }
coupon-percent-from = 满{ $least }打{ $off }
coupon-only = { $text }，限{ $only }
coupon-some-of = { $names }等

## 付款、发票、差价

payment-unpaid = 您的订单 { $number } 目前显示未付款，应付 { $total }。
payment-help = 付不了的话，可以换一种付款方式再试。如果钱已经扣了但订单没变，请转人工，同事会马上核对。
invoice-title = 为订单 { $number } 开票：抬头开个人还是公司？公司请把抬头和税号一起发给我。
tax-number-which = 公司的税号（纳税人识别号）是多少？没有的话告诉我一声。
tax-number-again = 税号“{ $told }”看起来不完整，一般是 15 到 20 位。请再核对一下发给我。
email-again = 邮箱“{ $told }”好像不完整，请再发一次。
invoice-asked = 已为订单 { $number } 申请发票，编号 { $request }。开好后会发给您。
protection-seen = 订单 { $number } 里的商品，店里现在没有比您买的时候便宜。您是在哪里看到的、多少钱？告诉我，我转给同事。
protection-confirm = 订单 { $number } 里的商品，店里现在没有比您买的时候便宜。要请同事按您看到的（{ $told }）核对差价吗？
protection-seen-asked = 已为订单 { $number } 申请核对差价，您看到的是：{ $told }，编号 { $request }，同事会按规则审核。
protection-asked = “{ $name }”您买的时候是 { $paid }，现在 { $current }，差 { $difference }。已为订单 { $number } 申请补差价，编号 { $request }，同事会按规则审核。

## 会员、评价、数据

points = 您有 { $points } 积分，等级是{ $tier }。
points-latest = 最近的积分变动：
points-change = { $day }：{ $change }
points-change-why = { $day }：{ $change }，{ $why }
points-of-order = 订单 { $number }
tier-standard = 普通会员
tier-silver = 银卡会员
tier-gold = 金卡会员
tier-platinum = 白金会员
review-stars = 谢谢您愿意评价！“{ $name }”给几颗星？
review-too-early = 订单 { $number } 还没送达，收到以后再来评价吧。
review-thanks = 收到，谢谢您的评价！
review-sorry = 收到，抱歉没让您满意。需要的话我请同事来处理。
data-linked = 我们保存着您的 { $orders } 个订单、{ $points } 积分、联系方式{ $addresses ->
    [0] {""}
   *[other] 、{ $addresses } 个地址
    }{ $birthday ->
    [yes] 、生日
   *[no] {""}
    }，以及这里的聊天记录。{ $news }
data-unlinked = 我们只保存这里的聊天记录，这个账号还没有关联任何顾客资料。{ $news }
data-news-on = 您同意接收推广消息。
data-news-off = 您在这里没有订阅推广消息。
data-export-asked = 已申请导出您的数据，编号 { $request }，准备好后会发给您。
data-erase-confirm = 删除后无法恢复：姓名、联系方式、聊天记录都会清除，积分也会作废。确定要申请删除吗？
data-erasure-asked = 已申请删除您的数据，编号 { $request }。删除之前会在这里通知您，删除之后我们就没有您的联系方式了。
personal-prices-are-on =
    个人优惠价目前是开启的：我们会根据购买记录给您低于公开价的价格。
    { $rules }
personal-prices-are-off = 个人优惠价目前是关闭的，您看到的都是公开价。
personal-prices-on = 个人优惠价已开启。
personal-prices-off = 个人优惠价已关闭，之后只按公开价，不再使用您的购买记录定价。
personal-prices-unlinked = 这个账号没有关联顾客资料，看到的都是公开价。

## 对上一句的追问

sure = { $of ->
    [order] 是的，店里系统现在就是这样显示的。快递的信息有时会慢一些，需要的话可以请同事再核实。
    [pages] 是的，店里的说明就是这么写的。不放心的话，可以请同事再核实。
   *[else] 是的，我这边查到的就是这样。不放心的话，可以请同事再核实。
}
why-unknown = 店里的说明没有写原因，同事可能知道得更多。
why-way = 快递没有写明原因。
why-cancelled = 订单 { $number } 已取消，原因这里没有记录，可以请同事查一下。
next-waits = 现在不需要您做什么。{ $state }
next-unsent = 订单 { $number } 还没发出，发出之前可以取消或改地址；不改的话，不需要您做什么。
next-sent = 订单 { $number } 在路上，不需要您做什么。太久没到的话，我可以请人催快递；收到后可以退换。
next-packed = 订单 { $number } 已经打包，很快发出，现在不能再改；不需要您做什么。
next-delivered = 订单 { $number } 显示已送达。您可以申请退换，告诉我哪里有问题，或者告诉我没收到。
next-ended = 订单 { $number } 已经结束，这里没有要办的了。如果还有没解决的，可以请同事看看。
way-no-hour = 快递只给了日期，没有具体时间。

## 订阅、语言、评价、人工

# 给顾客发营销消息之前要问的话；顾客同意时，看到的原文会一起留存。
opt-in-question = { $shop }可以不定期给您发优惠活动和适合您的商品吗？消息会发在这里，或者您关联的其他聊天账号，挑选时会参考您的购买记录。不想收了随时说“退订”就行。
opt-out-question = 您是想以后不再收到优惠推广吗？订单相关的回复不受影响。
opted-out = 好的，不再给您发推广消息了，马上生效。订单相关的回复不受影响。
opted-in = 好的，以后有优惠会告诉您。想停随时说一声。
opted-in-already = 您已经订阅过了，有优惠会告诉您。想停随时说一声。
news-kept = 好的，还是跟原来一样。您想问什么？
language-which = 想用哪种语言？Which language?
language-set = 好的，以后用中文回复您。
# What the pages are asked in place of a message to which no passage is near.
page-question-delivery_time = 多久能送到？
page-question-shipping_options = 送到哪些地方，用什么快递？
page-question-shipping_fee = 运费怎么算？
postage-more-question = 哪些商品要另加运费？
page-question-return_policy = 退货有什么规定？
page-question-warranty_repair = 保修多久，怎么维修？
page-question-usage_help = 在哪里能找到使用说明？
page-question-payment_methods = 可以用哪些方式付款？
page-question-place_order = 怎么下单？
page-ask-price_match = 别的店更便宜，你们能按他们的价格卖吗？
page-ask-gift = 下单有赠品吗？
page-ask-allergens = 有哪些过敏原，会有微量残留吗？
page-ask-bulk = 批量购买有折扣吗？
express-question = 能加急、更快送到吗？
size-question = 我该买什么尺码？
page-question-store_info = 你们的店在哪里？
rule-question-membership_points = 怎么赚积分，积分值多少钱？
page-question-account_problem = 账号登录不了怎么办？

pages-unknown = 这个问题我手头没有确切的答案，不想乱说。要请同事来回答吗？
pages-not-stated = 店里的说明只写了这些：
    { $text }
    别的我不乱说，可以请同事告诉您。
pages-other-language = 这条说明目前只有英文版：
repeat-short = 简单说：{ $text }
repeat-nothing = 我还没说什么呢。您想问什么？
complaint = 非常抱歉让您有这样的体验。告诉我是哪一单、哪里不对，查物流、退换、退款我马上帮您办；也可以请同事来处理，要转人工吗？
complaint-again = 您生气我理解，换谁都会。要我现在把您转给同事吗？还是先告诉我是哪一单，我马上查？
complaint-waiting = 非常抱歉让您有这样的体验，已经请同事优先处理。
human-offer = 要我把您转给人工同事吗？
sorry-first = 很抱歉让您着急了。
sorry-trouble = 很抱歉给您添麻烦了。
handed-over-closed = 已经转给人工同事。他们{ $opens }上班，上班后马上回复您。您可以先把情况写下来，他们都能看到。
handed-over-closing = 已经转给人工同事，{ $closes }前会回复您；来不及的话，{ $opens }起回复。您可以先把情况写下来，他们都能看到。
handed-over = 已经转给人工同事，{ $within }内会回复您。您可以先把情况写下来，他们都能看到。
case-number = 受理编号 { $case }。
case-none = 没有找到您的受理编号 { $case }。
case-waiting =
    { $case }（{ $when }）还在等同事处理{ $late ->
        [yes] ，比预计的久了一些，没有忘记您。
       *[no] ，{ $due }前会回复您。
    }
case-taken = { $case }（{ $when }）已有同事在处理，会在这里回复您。
case-back = { $case }（{ $when }）已在 { $ended } 结束，现在由我接待。还没解决的话，可以请同事再处理。
case-closed = { $case }（{ $when }）已在 { $ended } 办结。还没解决的话，可以请同事再处理。
complaint-noted = 非常抱歉让您有这样的体验。您的投诉已经登记，受理编号 { $request }，由当班主管答复。随时可以在这里补充。要同时转人工吗？

## 等人工的时候

waiting-added-too = 这条也加上了。
waiting-added = 已经补充进去了，同事能看到。您接着写的内容他们也都能看到。
waiting-wish = 已经转告给要回复您的同事：{ $wish }。目前还没有办理。
waiting-within = 同事{ $within }内会回复您。
waiting-until = 同事{ $at }前会回复您。
waiting-closed = 同事{ $opens }上班，上班后马上回复您，您写的内容他们都能看到。
waiting-long = 抱歉，比说好的时间久了。您的对话在同事那里，他们会尽快回复。
waiting-left = 好的，那就不转人工了，有什么事接着跟我说。需要人工随时叫我。
waiting-fine = 好的，同事一回复，您在这里就能看到。

## 危险：先告诉顾客现在该怎么做；同事会收到警报，对话排在最前面

# 可以换成店铺自己的建议和电话；请保留急救电话。
# 顾客所在地的号码；不知道在哪里，就用店铺所在地的，并加上最后一句。
emergency-number = { " " }{ $number }
emergency-elsewhere = 如果您在别的国家或地区，请打当地的急救电话。
emergency-unknown = 当地的急救电话
emergency-crisis = 心理援助热线
danger-poison = 请马上停用，用大量清水漱口，眼睛或皮肤沾到就用清水冲洗。不要催吐。请立刻拨打{ $ambulance }，带上包装，医生需要知道成分。
danger-animal = 请马上给兽医打电话，晚上就打附近的宠物急诊：说清楚出了什么事，吃了或碰了什么、多少、什么时候，带上包装。除非兽医要求，不要给它催吐，也不要喂吃的、喝的和药。剩下的请收好，别让它再碰到。
danger-poison-maybe-animal = 如果是宠物吃的：
danger-poison-air = 请所有人马上离开，到室外通风的地方；不耽误时间的话顺手打开门窗。不要开关任何电器，不要点火。然后拨打{ $fire }；有人头晕、恶心、头痛或叫不醒，拨打{ $ambulance }。确认安全之前不要再进去。
danger-allergy = 请马上停用，用清水洗掉。如果呼吸困难、脸或喉咙肿、头晕，立刻拨打{ $ambulance }。包装请留着，医生要看成分表；上面没写的，不要当作没有。
danger-fire = 请先离开，人安全最重要。能安全做到的话，拉下电闸或拔掉插头；不要碰机器，带电的东西不要用水浇。着火或冒烟请拨打{ $fire }，有人触电请拨打{ $ambulance }。不要再使用它。
danger-injury = 请先停用，处理伤口：用清水冲洗，流血就压住止血。出血多、伤到头或眼睛，请马上拨打{ $ambulance }。东西先别再用，保持原样。
danger-self_harm = 听到您这么难受，我很难过，也谢谢您说出来。请不要一个人扛着：现在就给信任的人打个电话，或拨打{ $crisis }；有危险请立刻拨打{ $ambulance }。我们的同事也会看到您的话。
danger-fraud = 请不要告诉任何人验证码和密码，不要点链接，也不要再付款。马上修改密码；如果银行卡信息已经给出去了，立刻联系银行冻结，被骗了请马上报警。我们从不索要验证码和密码。
danger-double_charge = 钱不会丢：同事会先核对扣款，多扣的会退回给您。请先不要再付款，两笔扣款的截图留好，卡号请遮住。
danger-legal = 这件事我们会认真对待，已经转给负责人，由他来回复您。您写的内容都会保留。
danger-again = 同事已经把这件事排在最前面，会在这里回复您。如果情况变严重或有人受伤，不要等我们，直接拨打{ $ambulance }，着火拨打{ $fire }。

## 按钮

button-orders = 我的订单
button-recommend = 推荐商品
button-offers = 优惠
button-human = 转人工
button-no-human = 不用人工了
button-order = 订单 { $number }
button-track = { $carrier } 物流
button-chase = 催一下
button-return = 退换货
button-missing = 没收到
button-cancel = 取消订单
button-address = 改地址
button-cancel-yes = 确认取消
button-cancel-no = 不取消
button-refund = 申请退款
button-detail = 详情
button-best-price = 有优惠吗
button-basket = 放进购物车
button-basket-several = { $count } 件放进购物车
button-page = 去商品页下单
button-cheaper = 看看便宜些的
button-similar = 看看类似的
button-restock = 到货提醒
button-redirect = 请快递改派
button-call-yes = 对，打给我
button-call-no = 不用打了
button-more = 换一批
button-link = 确认身份
button-invoice-personal = 个人
button-opt-out = 不再接收
button-opt-in = 重新订阅
button-opt-in-yes = 可以，发给我
button-opt-in-no = 不用了
button-opt-out-yes = 对，别发了
button-opt-out-no = 不是
button-prices = 个人优惠价
button-prices-on = 开启个人优惠价
button-prices-off = 关闭个人优惠价
button-export = 导出数据
button-erase = 删除数据
button-erase-yes = 确定删除
button-erase-no = 不删了

## 主动联系
outreach-hello = { $name }，好久不见！{ $shop }给您留了这件。
outreach-price = 专属价 { $price }（现价 { $list }），优惠码 { $code }，{ $until } 前有效。
outreach-look = 看看
outreach-stop = 不再接收这类消息

## 出错
failed = 抱歉，我这边出了点问题，没能处理好您的消息。已经请同事来看，很快回复您。

## 命令菜单
command-orders = 我的订单
command-offers = 优惠
command-human = 转人工
command-stop = 不再接收消息
command-language = 切换语言
command-help = 能做什么

## 申请的处理结果

decision-accepted = 您的申请 { $request }（{ $what }）已通过，同事正在办理，办好会再告诉您。
decision-erasing = 您的申请 { $request }（{ $what }）已通过，姓名、联系方式和这里的聊天记录很快会全部删除。这是我们发给您的最后一条消息；之后您再来咨询，我们会把您当作新顾客接待。
decision-declined = 很抱歉，您的申请 { $request }（{ $what }）没有通过。
decision-done = 您的申请 { $request }（{ $what }）已经办好了。
decision-note = 同事留言：{ $note }
decision-kind-cancel_order = 取消订单 { $order }
decision-kind-change_order = 修改订单 { $order }
decision-kind-change_address = 订单 { $order } 改地址
decision-kind-refund = 订单 { $order } 退款
decision-kind-return = 订单 { $order } 退货
decision-kind-exchange = 订单 { $order } 换货
decision-kind-account_address = 账户地址
decision-kind-change_payment = 订单 { $order } 的付款方式
decision-kind-item_problem = 订单 { $order } 的商品问题
decision-kind-invoice = 订单 { $order } 开发票
decision-kind-price_protection = 补差价
decision-kind-restock_notice = “{ $product }”到货提醒
decision-kind-parcels = 订单 { $order } 合并或拆分发货
decision-kind-redirect = 订单 { $order } 改派
decision-kind-repair = 订单 { $order } 维修
decision-kind-points_check = 核对订单 { $order } 的积分
decision-kind-payment_check = 核对订单 { $order } 的付款
decision-kind-complaint = 投诉
decision-kind-call_back = 客服回电
decision-kind-delivery_note = 订单 { $order } 的配送要求
decision-kind-quote = 批量报价
decision-kind-data_export = 导出个人数据
decision-kind-data_erasure = 删除个人数据
decision-kind-chase_parcel = 催订单 { $order } 的快递
decision-kind-delivery_problem = 订单 { $order } 的包裹问题
decision-kind-other = 您提出的事项
return-send-later = 申请提交后，同事会把寄回地址发给您，请先不要寄出。

## Tasks: what a question is for, and what is still open after something else was answered

about-cancel_order = 回复“是”，我就请同事取消这一单；还来得及拦下的话，钱会原路退回。要取消吗？
about-change_items = 直接告诉我要改成什么样就行：尺码、颜色、数量，或者哪件不要了。
about-change_address = 需要包裹上要写的收货信息，没提到的部分保持不变。
about-account_address = 需要账户里要保存的收货信息，已经下的单不受影响。
about-change_payment = 告诉我想用哪种方式付款，同事会把需要的信息发给您。
about-return = 同事需要知道是哪一件、什么原因，随便怎么说都行。
about-exchange = 告诉我想换成哪个尺码、颜色或规格。
about-refund = 同事需要知道是哪一件、什么原因，随便怎么说都行。
about-item_problem = 告诉我哪一件、出了什么问题，有照片更好，同事会给您换货或退款的方案。
about-delivery_problem = 告诉我包裹出了什么情况。
about-chase = 我可以请同事催一下快递。
about-invoice = 抬头就是发票开给谁：个人，或者公司名称加税号。
about-price_protection = 我会把您付的和现在的价格比一比；在别处看到更便宜，告诉我在哪里、多少钱，同事好核对。
about-restock_notice = 商品到货后我给您发一次消息，不会发别的。
about-parcels = 告诉我哪几单一起发，或者拆成几个包裹。
about-redirect = 告诉我包裹要改送到同城的哪个地址。
about-repair = 同事要知道是哪一件、什么故障。
about-points_check = 我可以请同事核对您的积分。
about-payment_check = 我可以请同事核对您的付款。
about-complaint = 同事会看到您写的内容。
about-call_back = 告诉我号码和时间，同事会打给您。要安排吗？
about-delivery_note = 告诉我快递员该怎么送，比如放门卫、送之前打电话。
about-quote = 同事要知道是哪件商品、多少件，才能给您报价。
about-data_export = 会把我们保存的您的资料发一份给您。
about-delete_data = 回复“是”，同事会删除您的姓名、联系方式和聊天记录，删了就找不回来。要申请吗？

still-cancel_order = 那这一单还要取消吗？
still-change_items = 订单要怎么改，您再告诉我。
still-change_address = 新地址您方便时发给我就行。
still-account_address = 账户里的新地址您方便时发给我就行。
still-change_payment = 付款方式想换成哪种？
still-return = 退货的原因您再说一下？
still-exchange = 换货想换成什么样的？
still-refund = 退款的原因您再说一下？
still-item_problem = 刚才那件出了什么问题？
still-items = 那是订单里的哪一件呢？
still-delivery_problem = 包裹出了什么情况？
still-chase = 快递还要催一下吗？
still-invoice = 发票开给谁，您再告诉我。
still-price_protection = 差价的事要继续吗？
still-restock_notice = 到货提醒是哪件商品呢？
still-parcels = 合并或拆分发货，是哪几单？
still-redirect = 改派要送到哪里？
still-repair = 维修的是哪一件，什么故障？
still-points_check = 积分的事，是哪一单？
still-payment_check = 付款的事，是哪一单？
still-complaint = 投诉还有要补充的吗？
still-call_back = 回电要继续吗？打哪个号码、什么时候？
still-delivery_note = 配送要求要继续吗？该怎么送？
still-quote = 报价要继续吗？是哪件商品、多少件？
still-data_export = 资料副本还要吗？
still-delete_data = 资料还要申请删除吗？
