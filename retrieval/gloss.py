"""Word-for-word English for Chinese questions, so that an encoder that knows English only can compare them.

A gloss is no translation and is never shown: ``gloss("退货运费谁出？") == "return shipping cost who pays"``.
Characters that the table lacks are dropped; what is not Chinese stays.
"""

from __future__ import annotations

import re
from functools import cache

from retrieval.text import is_cjk

# A town of China is abroad to a shop that writes English.
_TO = re.compile(r"(?<=[寄送运发邮][到去往至])([\u4e00-\u9fff]{2,4}?)(?=[要多需大得的吗呢吧，。？！?\s]|$)")
_TABLE = """
退货:return 退款:refund 退掉:return 退回:send back 退换:return exchange 换货:exchange 换成:exchange for 换:change
退:return 运费:shipping cost 包邮:free shipping 邮费:shipping cost 快递:courier 物流:shipment tracking 配送:delivery
送货:delivery 送到:deliver to 送达:delivered 发货:shipped 寄到:ship to 寄:send 送:deliver 到货:arrive
到账:credited to my account 什么时候到账:when credited to my account 什么时候到:where is it 到哪:where
签收:signed delivered 收到:receive
收货:delivery 地址:address 国外:abroad
海外:abroad 国际:international 自取:pick up in the shop 包裹:parcel 订单:order 单号:number 下单:place an order
买了:bought 购买:buy 买:buy 订的:ordered 预订:pre-order 预售:pre-order 订:order 取消:cancel 修改:change 改:change
延迟:delayed 丢失:lost 丢了:lost 坏了:broken 损坏:damaged 破损:damaged 少发:missing 发错:wrong item 付款:payment
支付宝:Alipay 支付:payment 微信:WeChat pay 信用卡:credit card 分期:instalments 扣款:charged
货到付款:cash on delivery 发票:invoice 收据:receipt 价格:price 多少钱:how much does it cost 便宜:cheap 贵:expensive
优惠码:discount code 优惠:discount 打折:discount 降价:price drop 折扣:discount 礼品卡:gift card 礼物:gift
包装:wrapping 代金券:voucher 积分:loyalty points 会员:member 账号:account 账户:account 注册:create account
登录:log in 登陆:log in 密码:password 忘记:forgot 忘了:forgot 注销:delete account 删除:delete 邮箱:email address
邮件:email 订阅:subscribe 退订:unsubscribe 隐私:privacy 个人信息:personal data 数据:data 学生:student 学校:school
图书馆:library 电话:phone number 营业时间:opening hours 几点:what time 下班:close 上班:open 门店:shop
客服:customer service 人工:human agent 真人:real person 经理:manager 投诉:complain 生气:angry 失望:disappointed
太差:terrible 欺骗:cheated 骗:cheat 赔偿:compensation 没人:nobody 机器人:robot 保修:warranty 质保:warranty
维修:repair 二手:second-hand 下载:download 设备:devices 字幕:subtitles 课程:course 证书:certificate 年龄:age
分级:age rating 地区:region 区域:region 电影:film 影片:film 片子:film 书:book 小说:novel 游戏:game 专辑:album
音乐:music 歌:song 推荐:recommend 类似:similar 喜欢:like 想看:want to watch 想听:want to listen 想玩:want to play
想学:want to learn 好看:good to watch 有没有:do you have 有货:in stock 现货:in stock 库存:stock 缺货:out of stock
补货:back in stock 作者:author 导演:director 演员:actor 哪年:which year 哪一年:which year 多长:how long
多久:how long 几天:how many days 多少天:how many days 几页:how many pages 语言:language 讲什么:what is it about
讲的:about 介绍:tell me about 比较:compare 区别:difference 哪个:which one 最:most 新:new 旧:old 长:long 短:short
颜色:colour 材质:material 尺寸:size 重:heavy 孩子:children 小孩:children 儿童:children 适合:suitable for 妈妈:mother
爸爸:father 朋友:friend 老师:teacher 天气:weather 下雨:rain 首都:capital 股票:stocks 银行:bank 贷款:loan
机票:flight ticket 酒店:hotel 餐厅:restaurant 减肥:lose weight 头疼:headache 吃什么药:which medicine 总统:president
世界杯:world cup 作业:homework 翻译:translate 诗:poem 联系:contact 怎么办:what do I do 用:use 电脑:computer
修:repair 驾照:driving licence 做菜:cook 人生:life 意义:meaning 你好:hello 谢谢:thanks 再见:goodbye
你是谁:who are you 你叫:your name 状态:status 查:check 查询:check 在哪:where is 哪里:where 什么时候:when 怎么:how
如何:how 为什么:why 什么:what 谁:who 可以:can I 能:can 吗:? 多少:how much 支持:support 需要:need 要:want 我想:I want
我要:I want 我的:my 你们:you 我:I 你:you 不:not 没:not 这个:this one 那个:that one 这部:this film 这本:this book
第一:the first 第二:the second 第三:the third 上次:last time 昨天:yesterday 今天:today 明天:tomorrow 过期:expire
有效:valid 期限:time limit 政策:policy 条款:terms 怎样:how 出:pays 拆开:opened 打开:opened 开封:opened
圣诞:Christmas 加急:express 税:tax 关税:customs duty 美元:dollars 元:yuan 换一批:show me others 别的:something else
更:more 不要:no 恐怖:horror 科幻:science fiction 喜剧:comedy 轻松:light 安静:quiet 接下来:next 代替:instead
换个:another
"""


@cache
def _entries() -> tuple[dict[str, str], re.Pattern[str]]:
    """Return the table and a pattern of its words, longest first; a phrase's English reaches to the next entry."""
    pairs = re.findall(r"([\u3400-\u9fff]+):(.+?)(?=\s+[\u3400-\u9fff]+:|\s*$)", _TABLE, re.MULTILINE)
    table = dict(pairs)
    return table, re.compile("|".join(sorted(table, key=len, reverse=True)) + r"|[\u3400-\u9fff]|[^\u3400-\u9fff]+")


def _known(place: str) -> bool:
    table, pattern = _entries()
    return any(part in table for part in pattern.findall(place) if len(part) > 1) or place.startswith(
        ("我", "你", "家")
    )


def gloss(text: str) -> str:
    """Return the English words for a Chinese text; any other text is returned as it is."""
    if not is_cjk(text):
        return text
    table, pattern = _entries()
    text = _TO.sub(lambda place: place.group() if _known(place[1]) else "国外", text)
    words = (table.get(part, "" if is_cjk(part) else part.strip(" 。，！？、")) for part in pattern.findall(text))
    return " ".join(word for word in words if word)
