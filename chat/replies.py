"""Replies: what is said around the items.

A sentence is a template with slots; titles, prices and every other fact come into the slots from the catalogue, so a
reply cannot invent one. `Say` holds one language's sentences; both languages have the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from chat import facts
from chat.state import Language
from retrieval.columns import adjectives
from retrieval.lexicon import canonical, display, synonyms
from retrieval.types import Item
from retrieval.units import of_header

_SAY: Mapping[str, tuple[str, str]] = {
    # before anything else
    "crisis": ("I'm very sorry that you feel like this, and I'm glad you said it. This is beyond what a shop's "
               "assistant can help with, but talking to somebody now does help: please call your local emergency "
               "number or a crisis line; in the US call or text 988, elsewhere findahelpline.com lists one near you. "
               "If you can, tell somebody close to you, too. You don't have to go through this alone.",
               "听到你这么说，我很难过，也谢谢你愿意说出来。这超出了商店助手能帮的范围，但现在找人聊聊真的会有帮助："
               "请拨打当地的急救电话或心理危机热线；在美国可拨打988或发短信，其他地区可以在 findahelpline.com "
               "找到附近的热线。如果可以，也请告诉身边你信任的人。你不必独自承受。"),
    "grief": ("I'm sorry for your loss.", "请节哀。"),
    "hardship": ("I'm sorry to hear that.", "听到这些我很难过。"),
    # recommending
    "anchor": ("With {anchor} in mind, I'd start with {first}.", "既然你喜欢{anchor}，我会先推荐{first}。"),
    "anchor2": ("Close to {anchor} in spirit: {first} first of all.", "与{anchor}气质相近，首选{first}。"),
    "limits": ("{limits}: I'd start with {first}.", "按你的要求（{limits}），我会先推荐{first}。"),
    "open": ("I'd start with {first}.", "我会先推荐{first}。"),
    "wishes": ("For something {wishes}, I'd start with {first}.", "想要{wishes}的，我会先推荐{first}。"),
    "both": ("Something {wishes}, {limits}: I'd start with {first}.", "{wishes}，{limits}：我会先推荐{first}。"),
    "then": ("{rest} would be my next picks.", "接下来还有{rest}。"),
    "only": ("That is all that fits.", "符合条件的只有这些。"),
    "few": ("Only {n} left that fit; removing “{limit}” would open up {more} more.",
            "符合条件的只剩{n}个；去掉“{limit}”还能多出{more}个。"),
    "few_by": ("That is all we have by {makers}; ask for more like it to see what comes close.",
               "{makers}的作品只有这些；想看相近的就说一声。"),
    "none_else_by": ("We have nothing else by {makers}.", "我们没有{makers}的其他作品。"),
    "none": ("Nothing in the catalogue fits all of that: {limits}.", "目录里没有同时符合这些条件的：{limits}。"),
    "relax": ("Without “{limit}” there would be {more}.", "去掉“{limit}”就有{more}个。"),
    "no_more": ("You have now seen everything that fits {limits}.", "符合{limits}的都给你看过了。"),
    "no_more_open": ("You have now seen everything I have.", "能推荐的都给你看过了。"),
    # notes
    "typo": ("I took “{said}” to mean {title}.", "我理解“{said}”是指{title}。"),
    "assumed": ("I'm reading {said} as the {kind} {title}.", "我把“{said}”理解为{kind}{title}。"),
    "rejected": ("{titles} won't come up again.", "不会再推荐{titles}了。"),
    "seen": ("Noted that you know {titles}.", "记下了，你已经看过{titles}。"),
    "lifted": ("I let go of {limits} to make room for that.", "为此我取消了{limits}的限制。"),
    "shown_all": ("You have seen all that I have of {wishes}.", "符合“{wishes}”的都给你看过了。"),
    "implied": ("Because of that I also leave out: {genres}.", "因此我也排除了{genres}。"),
    "unmet": ("I have nothing {wishes} that fits; these come nearest.", "没有{wishes}的作品符合要求，这些最接近。"),
    "kept": ("Still keeping to {limits}.", "仍然保持：{limits}。"),
    "outside": ("We do carry {title}, outside your limits ({limits}).", "我们也有{title}，但不符合{limits}。"),
    "sold_out": ("{title} is in our catalogue but out of stock right now.", "{title}在目录里，但目前缺货。"),
    "not_offered": ("{title} is not something we offer here at the moment.", "{title}目前不在推荐之列。"),
    "shop_pick": ("The shop's pick.", "店家推荐。"),
    # availability
    "have": ("Yes, we have {title}: {facts}.", "有的，{title}：{facts}。"),
    "not_carried": ("We don't carry “{asked}”.", "我们没有“{asked}”。"),
    "nearest": ("The nearest we have: {titles}.", "最接近的有：{titles}。"),
    "nearest_outside": ("The nearest we have are outside your limits ({limits}): {titles}. These fit and come close:",
                        "最接近的{titles}不符合{limits}；下面这些符合条件且相近："),
    # questions
    "price": ("{title} costs {value}", "{title}的价格是{value}"),
    "in_stock_yes": ("{title} is in stock", "{title}有货"),
    "in_stock_no": ("{title} is out of stock", "{title}缺货"),
    "year": ("{title} is from {value}", "{title}是{value}年的"),
    "creators": ("{title} is by {value}", "{title}出自{value}"),
    "length": ("{title} runs to {value}", "{title}长{value}"),
    "language": ("{title} is in {value}", "{title}的语言是{value}"),
    "genres": ("{title} is {value}", "{title}属于{value}"),
    "description": ("{title}: {value}", "{title}：{value}"),
    "attribute": ("{title}, {field}: {value}", "{title}的{field}：{value}"),
    "unknown": ("The catalogue doesn't give the {field} of {title}", "目录里没有{title}的{field}"),
    "unknown_these": ("The catalogue doesn't give the {field} of any of these.", "目录里没有这些的{field}。"),
    "others_unknown": ("For the others the catalogue doesn't say.", "其余的目录里没有说明。"),
    "which": ("Which one do you mean? Name a title, or ask for a recommendation first.",
              "你指的是哪一个？请说出名字，或先让我推荐几部。"),
    # the rest
    "greeting": ("Hello! Tell me what you liked, or what you are in the mood for.",
                 "你好！告诉我你喜欢过什么，或者现在想要什么。"),
    "greeting_page": ("Hello! Ask me anything about {title}, or for something else.",
                      "你好！关于{title}有什么想问的，或者想找别的，都可以告诉我。"),
    "starters": ("Or begin with one of these.", "也可以从下面这些开始。"),
    "thanks": ("You're welcome. Say the word when you'd like another.", "不客气，想再找什么随时告诉我。"),
    "farewell": ("Goodbye, and enjoy.", "再见，祝你愉快。"),
    "help": ("I recommend from this shop's catalogue: name something you liked, a mood, years, a price or what you "
             "don't want, and I'll find what fits. I can also quote prices, stock and facts.",
             "我只推荐本店目录里的作品：告诉我你喜欢过的作品、心情、年代、价格或不想要的，我来找合适的；"
             "也可以问价格、库存等信息。"),
    "range": ("We have {kinds}.", "我们有{kinds}。"),
    "meta": ("I keep my instructions to myself, but I'm glad to find you something good.",
             "我的设定不便透露，不过很乐意帮你挑点好东西。"),
    "service": ("I only know the catalogue: for orders, payments and policies, please ask the shop's staff.",
                "我只了解目录里的作品；订单、付款和政策问题请联系店员。"),
    "no_such": ("We don't carry that: our catalogue has nothing about “{thing}”.",
                "我们没有“{thing}”：目录里没有相关的商品。"),
    # the desk
    "quoted": ("From “{title}”: {quote}", "关于“{title}”，本店的说明是：{quote}"),
    "no_answer": ("I don't have that information.", "我没有这方面的信息。"),
    "no_answer_to": ("As for “{question}”: I don't have that information.", "关于“{question}”，我没有这方面的信息。"),
    "cannot_buy": ("I can't put anything into your basket; that is for you to do in the shop.",
                   "我不能替你下单，请在商店里自行购买。"),
    "offer_person": ("Shall I pass this on to a person?", "要我转给人工吗？"),
    "no_orders": ("I can't look orders up here; please contact the shop.", "我这里无法查询订单，请联系店家。"),
    "sorry": ("I'm sorry about that.", "很抱歉。"),
    "how_to_reach": ("How can I contact you?", "怎么联系你们？"),
    "which_form": ("Which form can I have: {form}?", "有哪些版本：{form}？"),
    "out_of_scope": ("That is outside what I know: I'm here for this shop, its items, orders and how it works.",
                     "这超出了我的范围：我只负责本店的商品、订单和服务。"),
    "doubt": ("I'm not sure what you mean: {first}, or {second}?", "我不太确定你的意思：是{first}，还是{second}？"),
    "wish_recommend": ("a recommendation", "想要推荐"),
    "wish_item": ("a question about an item", "询问某件商品"),
    "wish_policy": ("how the shop works, such as delivery, returns or payment", "了解配送、退货、付款等规定"),
    "wish_order": ("one of your orders", "查询你的订单"),
    "wish_human": ("a person of the shop", "联系人工"),
    "bot": ("I'm the shop's assistant, a program: I answer from its catalogue and its pages.",
            "我是本店的助手，一个程序，按目录和店家的说明回答。"),
    "well": ("All is well here, thanks. What can I do for you?", "一切都好，谢谢。有什么可以帮你？"),
    "glad": ("Good. Ask me anything about it, or tell me what else you're after.",
             "太好了。想了解它的详情，或者继续找别的，都可以告诉我。"),
    "at_hand": ("I'm here: ask for a recommendation, about an item, an order, or how the shop works.",
                "我在：可以找我推荐，询问商品、订单或本店的规定。"),
    "help_desk": ("I can also tell you how the shop works: delivery, returns, payment; and about your orders.",
                  "我还能解答配送、退货、付款等问题，以及查询你的订单。"),
    "unclear": ("I didn't quite get that. Name something you liked, a mood, years or a price.",
                "我没太明白。可以说说你喜欢过的作品、心情、年代或价格。"),
    "no_data": ("The catalogue says nothing about “{name}”, so I went by the rest.",
                "目录里没有“{name}”的信息，我按其余条件来找。"),
    "no_history": ("I can't see what you bought before.", "我看不到你以前买过什么。"),
    "no_data_words": ("The catalogue says nothing about “{name}”, so I went by the words of it.",
                      "目录里没有“{name}”的信息，我按字面来找。"),
    "no_data_alone": ("The catalogue says nothing about “{name}”, so I can't go by it.",
                      "目录里没有“{name}”的信息，没法参考。"),
    "invite": ("Name a title that was a hit, a mood, a subject or a price, and I'll find something closer.",
               "说说喜欢过的作品、心情、题材或价格，我可以推荐得更准。"),
    "invite_about": ("Tell me what is good about it, a mood or a subject, and I'll find something closer.",
                     "说说它好在哪里，比如气氛或题材，我可以推荐得更准。"),
    "no_kind": ("We don't carry any {kind}.", "我们没有{kind}。"),
    "has_form": ("Yes: {titles}.", "有的：{titles}。"),
    "no_form": ("We don't have {title} as {kind}.", "我们没有{title}的{kind}版本。"),
    "is_form": ("{title} is {kind}.", "{title}是{kind}。"),
    "unchecked": ("I can't go by the number of {column}: the catalogue doesn't give it.",
                  "目录里没有{column}，这一点我无法筛选。"),
    "unchecked_measure": ("I can't go by the {column}: the catalogue doesn't give it.",
                          "目录里没有{column}，这一点我无法筛选。"),
    "unchecked_country": ("The catalogue doesn't say which country a work is from, so I go by its language.",
                          "目录里没有国家信息，我按语言来筛选。"),
    "mood_some": ("Going by the moods in the catalogue, {mood} of these: {titles}.",
                  "按目录里的氛围，其中{mood}的是{titles}。"),
    "mood_not": ("Going by the moods in the catalogue, not {mood}: {titles}.",
                 "按目录里的氛围，不算{mood}的是{titles}。"),
    "mood_all": ("Going by the moods in the catalogue, all of these are {mood}.", "按目录里的氛围，这些都是{mood}的。"),
    "mood_none": ("Going by the moods in the catalogue, none of these is {mood}.",
                  "按目录里的氛围，这些都不算{mood}。"),
    "picks": ("Of these I'd go for {title}. {why}", "这几个里我会选{title}。{why}"),
    "says_only": ("What the catalogue tells of it: {told}", "目录里是这样介绍的：{told}"),
    "not_said": ("I don't have that information about {title}.", "我没有{title}的这项信息。"),
    "restock": ("{title} is out of stock, and the catalogue doesn't tell when it will be back.",
                "{title}缺货，目录里没有写明何时到货。"),
    "not_compared": ("I don't know which item “{name}” is, so I can't compare it.",
                     "我不知道“{name}”指的是哪一件，没法比较。"),
    "not_said_these": ("I don't have that information about these.", "我没有这些的这项信息。"),
    "held_yes": ("Yes, {title} is listed as “{value}”.", "是的，{title}：{value}。"),
    "held_some": ("{title}: {value}.", "{title}：{value}。"),
    "held_told": ("The catalogue says of {title}: {quote}", "目录里这样介绍{title}：{quote}"),
    "held_not": ("The catalogue does not say so of the others.", "其他的目录里没有写明。"),
    "wins": ("{title} is the {which}.", "{title}{which}。"),
    "leads": ("{title} is the {which} one.", "{title}{which}。"),
    "wins_with": ("{title} is the {which}: {value}.", "{title}{which}：{value}。"),
    "win_with": ("{title} are equally the {which}: {value}.", "{title}并列{which}：{value}。"),
    "equal_with": ("They are the same in that: {value}.", "都一样：{value}。"),
    "total": ("Together that is {value}.", "一共{value}。"),
    "currencies": ("Their prices are in different currencies.", "它们的价格币种不同。"),
    "win": ("{title} are equally the {which}.", "{title}并列{which}。"),
    "utmost_plain": ("The {which}: {title}.", "{which}的是{title}。"),
    "utmost_some": ("Among the {which}: {title}.", "{which}的有：{title}。"),
    "utmost": ("The {which}: {title}, {value}.", "{which}的是{title}：{value}。"),
    "described": ("{title}: {value}.", "{title}：{value}。"),
    "same": ("They are the same in that.", "两者一样。"),
    "perhaps": ("Perhaps one of these?", "也许可以看看这些？"),
    "reset": ("A fresh start. What are you in the mood for?", "好，重新开始。你想找什么？"),
    "undone": ("Taken back.", "已撤销。"),
    # what a person might begin with
    "open_like": ("Something like {title}", "和《{title}》类似的"),
    "open_price": ("{kind} under {price}", "{price}以下的{kind}"),
    "open_kind": ("{kind}, {quality}", "{quality}的{kind}"),
    "open_maker": ("Anything by {maker}", "{maker}的作品"),
    "open_cost": ("How much is {title}?", "《{title}》多少钱？"),
    # what is known of the person
    "likes": ("You like {titles}.", "你喜欢{titles}。"),
    "dislikes": ("You don't want {titles}.", "你不要{titles}。"),
    "knows": ("You know {titles} already.", "你已经看过{titles}。"),
    "wants": ("You asked for: {limits}.", "你的要求：{limits}。"),
    "knows_nothing": ("I don't know anything about your taste yet.", "我还不了解你的喜好。"),
    "kept_here": ("That is for this conversation only; say “remember me” and I'll keep it for the next ones.",
                  "这些只用于本次对话；说“记住我”，我就为下次保留。"),
    "kept_on": ("I keep that for your next conversations; say “forget me” and it is deleted.",
                "这些会为你之后的对话保留；说“忘记我”就会删除。"),
    "remembered": ("I'll keep your likes, your dislikes and what always holds for you for your next visits, and the "
                   "shop may learn from our conversations, without your name; say “forget me” and it is deleted.",
                   "我会为你下次来访保留你的喜好和一直有效的要求，本店也可在不涉及姓名的情况下从对话中学习；说“忘记我”就会删除。"),
    "remembered_fleeting": ("I'll keep your likes, your dislikes and what always holds for you for your next "
                            "conversations, but only until this program ends; say “forget me” and it is deleted.",
                            "在本程序结束之前，我会为你之后的对话保留你的喜好和一直有效的要求；说“忘记我”就会删除。"),
    "cannot_remember": ("I can't keep anything from here: the program you are using keeps this conversation.",
                        "我在这里无法保留任何内容：对话由你使用的程序保存。"),
    "forgotten": ("Done: what I remembered of you is deleted, and the next conversation starts without it.",
                  "好的，我记住的内容已删除，下次对话不会再用到。"),
    "nothing_remembered": ("I keep nothing of you beyond this conversation.", "除了本次对话，我没有保留你的任何信息。"),
    "nothing_to_undo": ("There is nothing to take back.", "没有可以撤销的。"),
}  # fmt: skip

_OF_GOODS: Mapping[str, tuple[str, str]] = {  # what is said otherwise where there are no works and no moods
    "anchor2": ("Close to {anchor}: {first} first of all.", "与{anchor}相近，首选{first}。"),
    "unmet": ("I have nothing {wishes} that fits; these come nearest.", "没有{wishes}的商品符合要求，这些最接近。"),
    "few_by": ("That is all we have by {makers}; ask for more like it to see what comes close.",
               "{makers}的商品只有这些；想看相近的就说一声。"),
    "none_else_by": ("We have nothing else by {makers}.", "我们没有{makers}的其他商品。"),
    "which": ("Which one do you mean? Give its name, or ask for a recommendation first.",
              "你指的是哪一个？请说出名字，或先让我推荐几样。"),
    "greeting": ("Hello! Tell me what you are looking for, or what it is for.",
                 "你好！告诉我你想找什么，或者用来做什么。"),
    "thanks": ("You're welcome. Say the word when you need anything else.", "不客气，还需要什么随时告诉我。"),
    "farewell": ("Goodbye.", "再见。"),
    "help": ("I recommend from this shop's catalogue: say what it is for, a kind, a brand, a price or what you don't "
             "want, and I'll find what fits. I can also quote prices, stock and facts.",
             "我只推荐本店目录里的商品：告诉我用途、种类、品牌、价格或不想要的，我来找合适的；也可以问价格、库存等信息。"),
    "unclear": ("I didn't quite get that. Say what it is for, a kind, a brand or a price.",
                "我没太明白。可以说说用途、种类、品牌或价格。"),
    "invite": ("Say what it is for, a kind, a brand or a price, and I'll find something closer.",
               "说说用途、种类、品牌或价格，我可以推荐得更准。"),
    "invite_about": ("Tell me what it is for, or what matters about it, and I'll find something closer.",
                     "说说用途或看重什么，我可以推荐得更准。"),
    "reset": ("A fresh start. What are you looking for?", "好，重新开始。你想找什么？"),
    "service": ("I only know the catalogue: for orders, payments and policies, please ask the shop's staff.",
                "我只了解目录里的商品；订单、付款和政策问题请联系店员。"),
    "knows": ("You know {titles} already.", "你已经知道{titles}。"),
    "seen": ("Noted that you know {titles}.", "记下了，你已经知道{titles}。"),
}  # fmt: skip

_FIELDS: Mapping[str, tuple[str, str]] = {
    "price": ("price", "价格"),
    "year": ("year", "年份"),
    "creators": ("maker", "作者"),
    "length": ("length", "时长"),
    "popularity": ("popularity", "受欢迎程度"),
    "language": ("language", "语言"),
    "genres": ("genre", "类型"),
    "description": ("description", "简介"),
    "kind": ("kind", "种类"),
    "moods": ("mood", "氛围"),
    "themes": ("subjects", "题材"),
    "audience": ("audience", "适合人群"),
    "topic": ("subject", "主题"),
}
_COLUMNS = ("price", "year", "creators", "length", "language", "genres", "description")
_PLAIN = ("year", "popularity")  # the title says the one, and the other has no unit
_COUNTS = {"pages": "页数", "players": "玩家人数"}
_MEASURED = {
    "mass": ("weight", "重量"), "volume": ("capacity", "容量"), "size": ("size", "尺寸"),
    "light": ("brightness", "亮度"),
    "temperature": ("temperature", "温度"), "energy": ("calories", "热量"), "power": ("power", "功率"),
    "storage": ("storage", "容量"),
}  # fmt: skip
_USUAL = {"price": -1, "year": 1, "length": 1}  # what is said without being asked: cheaper, newer, longer
_EXTREMES: Mapping[tuple[str, int], tuple[str, str, str, str]] = {
    ("price", -1): ("cheaper", "cheapest", "更便宜", "最便宜"),
    ("price", 1): ("more expensive", "most expensive", "更贵", "最贵"),
    ("year", 1): ("newer", "newest", "更新", "最新"),
    ("year", -1): ("older", "oldest", "更早", "最早"),
    ("length", 1): ("longer", "longest", "更长", "最长"),
    ("length", -1): ("shorter", "shortest", "更短", "最短"),
    ("popularity", 1): ("more popular", "most popular", "更受欢迎", "最受欢迎"),
}


def _is_size(field: str) -> bool:
    unit = of_header(field)[1]
    return unit is not None and unit.dimension in ("size", "volume")


def _comparison(measure: tuple[str, int]) -> tuple[str, str, str, str]:
    """Return what compares two and singles out one of several by a measure, in English and in Chinese."""
    known = _EXTREMES.get(measure)
    if known is not None:
        return known
    name, more = of_header(measure[0])[0], measure[1] > 0
    english = adjectives(*measure)
    if english is None:
        english = (f"{'higher' if more else 'lower'} in {name}", f"{'highest' if more else 'lowest'} in {name}")
    return (*english, f"{name}更{'高' if more else '低'}", f"{name}最{'高' if more else '低'}")


@dataclass(frozen=True, slots=True)
class Say:
    """The sentences of one language.

    Attributes:
        of_goods: the shop has no works, of which people speak otherwise than of goods.
    """

    language: Language
    of_goods: bool = False

    def __call__(self, what: str, **slots: str | int) -> str:
        """Fill one sentence's slots."""
        english, chinese = (self.of_goods and _OF_GOODS.get(what)) or _SAY[what]
        return (chinese if self.language == "zh" else english).format(**slots)

    def sentences(self, *parts: str) -> str:
        """Join sentences into a text."""
        return ("" if self.language == "zh" else " ").join(part for part in parts if part)

    def quoted(self, labels: Sequence[str]) -> str:
        """Join the labels of constraints or wishes."""
        return facts.join(list(dict.fromkeys(labels)), self.language)

    def wished(self, wishes: Sequence[tuple[str, str]], maker: Callable[[str], str] = str) -> str:
        """Word soft preferences: ``slow and dreamlike, by Ursula K. Le Guin, about first contact``; "" for none.

        Args:
            wishes: (field, canonical value) each.
            maker: gives a maker's name, or another value, as the catalogue writes it.
        """
        chinese = self.language == "zh"
        about = ("topic", "themes")
        named = [(v, display(f, v, self.language)) for f, v in wishes if f not in (*about, "creators")]
        of = [maker(v) if word == v else word for v, word in named]
        topics = [display("topic", v, self.language) for f, v in wishes if f in about]
        makers = [maker(v) for f, v in wishes if f == "creators"]
        parts = [facts.join(list(dict.fromkeys(of))[:3], self.language)] if of else []
        if makers:
            joined = facts.join(list(dict.fromkeys(makers))[:2], self.language)
            parts.append(joined if chinese else f"by {joined}")
        if topics:
            joined = facts.join(list(dict.fromkeys(topics))[:2], self.language)
            parts.append(f"关于{joined}" if chinese else f"about {joined}")
        return ("、" if chinese else ", ").join(parts)

    def kind(self, item: Item) -> str:
        """Name an item's kind: ``film``; "work" if it has none."""
        if not item.kind:
            return ("商品", "item")[self.language == "en"] if self.of_goods else ("作品", "work")[self.language == "en"]
        return display("kind", canonical("kind", item.kind), self.language)

    def plural(self, kind: str) -> str:
        """Name a kind as a whole: ``books``, 书."""
        if self.language == "zh":
            return display("kind", kind, "zh")
        return next((word for word in synonyms("kind", kind) if word == f"{kind}s"), kind)

    def a(self, noun: str) -> str:
        """Put the article before a noun: ``an album``."""
        return noun if self.language == "zh" else f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"

    def offer(self, item: Item) -> str:
        """Quote what an item is and costs: ``film, $7.99, in stock``."""
        kind = self.kind(item) if item.kind else ""
        stock = (
            ("有货" if item.in_stock else "缺货")
            if self.language == "zh"
            else ("in stock" if item.in_stock else "out of stock")
        )
        parts = [p for p in (kind, facts.price(item, self.language), stock) if p]
        return ("，" if self.language == "zh" else ", ").join(parts)

    def listed(self, item: Item) -> str:
        """Name an item with what it is and costs: ``Solaris (1961), book, $9.99, in stock``."""
        return facts.name(item, self.language) + ("，" if self.language == "zh" else ", ") + self.offer(item)

    def answer(self, item: Item, fields: Sequence[str]) -> str:
        """Answer a question about an item from its columns; what the catalogue does not say is said to be unknown."""
        asked = [field for field in fields if field != "topic"] or fields  # no column: others say what it is about
        asked = [f for f in asked if not _is_size(f) or self._value(item, f)] or asked[:1]  # any tells how big it is
        first, *others = [self._clause(item, field) for field in asked]
        title = facts.name(item, self.language)
        if self.language == "zh":
            text = "，".join([first, *(c.removeprefix(title) for c in others)])
            return text if text.endswith(("。", "！", "？", ".", "!", "?")) else text + "。"
        others = [c.removeprefix(f"{title}, ") for c in others]  # "mood: calm"
        others = [("it" + c.removeprefix(title)) if c.startswith(title) else c for c in others]
        text = ", and ".join([first, *others])
        return text if text.endswith((".", "!", "?")) else text + "."

    def described(self, item: Item) -> str:
        """Quote all that people compare items by: kind, maker, genres, length, language, price and stock."""
        by = facts.join(item.creators, self.language) if item.creators else ""
        kind = self.kind(item) if item.kind else ""
        genres = [display("genres", canonical("genres", g), self.language) for g in item.genres]
        parts = [
            f"{kind} by {by}"
            if kind and by and self.language == "en"
            else ("、" if kind and by else "").join((kind, by)),
            facts.join(genres, self.language) if genres else "",
            facts.length(item, self.language),
            display("language", canonical("language", item.language), self.language) if item.language else "",
            *(f"{self._column(field)} {self._value(item, field)}" for field in facts.compared_by(item)),
            self.offer(item).removeprefix(kind).lstrip("，, "),
        ]
        value = ("，" if self.language == "zh" else ", ").join(part for part in parts if part)
        return self("described", title=facts.name(item, self.language), value=value)

    def compared(self, items: Sequence[Item], fields: Sequence[str]) -> str:
        """Say which of several items costs least, is newest or longest; "" where that cannot be said."""
        if len(items) < 2 or len(fields) != 1 or fields[0] not in _USUAL:
            return ""
        if fields[0] == "price" and len({item.currency for item in items}) > 1:
            return self("currencies")
        measure = (fields[0], _USUAL[fields[0]])
        values = [facts.measure(item, fields[0]) for item in items]
        known = [v for v in values if v is not None]
        if len(known) < len(values):
            return ""
        if len(set(known)) == 1:
            return self("same")
        best = items[values.index(max(known) if measure[1] > 0 else min(known))]
        return self("wins", title=facts.name(best, self.language), which=self._which(measure, len(items)))

    def differences(self, items: Sequence[Item]) -> str:
        """Say which of several items is the cheaper, the newer, the longer; "" where nothing can be said."""
        won: dict[str, list[str]] = {}
        if len(items) < 2:
            return ""
        own = {f: -1 for item in items for f in facts.compared_by(item) if adjectives(f, -1)}
        for field, sign in (_USUAL | own).items():
            if field == "price" and len({item.currency for item in items}) > 1:
                continue
            measured = [(value, item) for item in items if (value := facts.measure(item, field)) is not None]
            best = max(measured, key=lambda pair: sign * pair[0], default=None)
            if best is not None and len(measured) == len(items) and [v for v, _ in measured].count(best[0]) == 1:
                words = _comparison((field, sign))
                word = words[2 + (len(items) > 2)] if self.language == "zh" else words[len(items) > 2]
                won.setdefault(facts.name(best[1], self.language), []).append(word)
        return self.sentences(
            *(self("leads", title=title, which=facts.join(words, self.language)) for title, words in won.items())
        )

    def unchecked(self, column: str) -> str:
        """Say that a limit cannot be kept, because the catalogue does not have its column."""
        if column == "country":
            return self("unchecked_country")
        if column in _MEASURED:
            return self("unchecked_measure", column=_MEASURED[column][self.language == "zh"])
        return self("unchecked", column=_COUNTS.get(column, column) if self.language == "zh" else column)

    def singled_out(self, items: Sequence[Item], extreme: tuple[str, int]) -> tuple[str, Item | None]:
        """Say which item is the cheapest, newest, …, with the value; those that have none are left out.

        Returns:
            The sentence, and the item; None if no item has a value or several share the best.
        """
        field, sign = extreme
        measured = [(number, item) for item in items if (number := facts.measure(item, field)) is not None]
        if field == "price" and len({item.currency for _, item in measured}) > 1:
            return self("currencies"), None
        if not measured:
            return self("unknown_these", field=self._column(field)), None
        best = max(measured, key=lambda pair: sign * pair[0])
        winners = [item for number, item in measured if number == best[0]]
        value = self._value(best[1], field)
        if len(winners) > 1 and len(winners) == len(measured):
            return self("same") if field in _PLAIN else self("equal_with", value=value), None
        title = facts.names(winners, self.language)
        if len(winners) > 1:
            which = _comparison(extreme)[3 if self.language == "zh" else 1]
            return self("win" if field in _PLAIN else "win_with", title=title, which=which, value=value), best[1]
        which, others = self._which(extreme, len(items)), self("others_unknown") if len(measured) < len(items) else ""
        what = "wins" if field in _PLAIN else "wins_with"
        return self.sentences(self(what, title=title, which=which, value=value), others), best[1]

    def unmeasured(self, field: str) -> str:
        """Say that nothing that fits has a measure."""
        return self("unknown_these", field=self._column(field))

    def utmost(self, item: Item, extreme: tuple[str, int]) -> str:
        """Name the cheapest, newest, … of all that there is."""
        which = _comparison(extreme)[3 if self.language == "zh" else 1]
        if extreme[0] == "popularity":  # a scale of a few steps: others are as popular
            return self("utmost_some", which=which, title=facts.name(item, self.language))
        if extreme[0] in _PLAIN:
            return self("utmost_plain", which=which, title=facts.name(item, self.language))
        return self("utmost", which=which, title=facts.name(item, self.language), value=self._value(item, extreme[0]))

    def _which(self, measure: tuple[str, int], among: int) -> str:
        comparative, superlative, *chinese = _comparison(measure)
        if self.language == "zh":
            return chinese[among > 2]
        word = superlative if among > 2 else comparative
        return word if " in " in word else f"{word} one"

    def _column(self, field: str) -> str:
        """Name a column: ``weight`` for ``weight_kg``."""
        return _FIELDS.get(field, (of_header(field)[0],) * 2)[self.language == "zh"]

    def _clause(self, item: Item, field: str) -> str:
        title = facts.name(item, self.language)
        if field == "in_stock":
            return self("in_stock_yes" if item.in_stock else "in_stock_no", title=title)
        if field == "kind" and item.kind:
            return self("is_form", title=title, kind=self.a(self.kind(item)))
        value = self._value(item, field)
        named = self._column(field)
        if not value:
            return self("unknown", title=title, field=named)
        return self(field if field in _COLUMNS else "attribute", title=title, value=value, field=named)

    def _value(self, item: Item, field: str) -> str:
        """Quote one column of an item; "" if the catalogue is silent."""
        if field == "creators":
            return facts.join(item.creators, self.language) if item.creators else ""
        if field in ("genres", "kind", "language"):
            raw = item.genres if field == "genres" else (getattr(item, field),)
            shown = [display(field, canonical(field, value), self.language) for value in raw if value]
            return facts.join(shown, self.language) if shown else ""
        if field not in _COLUMNS:
            return facts.attribute(item, field, self.language)
        plain = {"price": facts.price, "length": facts.length}.get(field)
        return plain(item, self.language) if plain is not None else str(getattr(item, field) or "")
