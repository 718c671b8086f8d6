"""How people put it in Chinese; the names and slots are those of `finetune.wordings.english`."""

from __future__ import annotations

from collections.abc import Mapping

NOUNS: Mapping[str, tuple[str, ...]] = {
    "film": ("电影", "电影", "片子"),
    "book": ("书", "小说", "书"),
    "game": ("游戏", "游戏", "电子游戏"),
    "album": ("专辑", "音乐专辑", "唱片"),
    "course": ("课程", "网课", "课"),
    "series": ("电视剧", "剧集", "剧"),
}
KNEW: Mapping[str, tuple[str, ...]] = {
    "film": ("看过",),
    "series": ("看过",),
    "book": ("读过", "看过"),
    "game": ("玩过",),
    "album": ("听过",),
    "course": ("学过",),
}
KNEW_ANY = ("看过",)
GENRE_BEFORE_NOUN: Mapping[str, str] = {}
GENRE_ALONE: Mapping[str, str] = {}
GENRE_REFUSED: Mapping[str, str] = {}
MORE: Mapping[str, tuple[str, ...]] = {
    "slow": ("更慢",),
    "dark": ("更黑暗",),
    "funny": ("更搞笑", "更好笑"),
}
THAT: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("moods", "melancholic"): ("让人想哭", "适合下雨天"),
    ("moods", "tense"): ("让人喘不过气", "扣人心弦"),
    ("moods", "warm"): ("像拥抱一样", "暖到心里"),
    ("moods", "funny"): ("能让我笑出声", "让人捧腹"),
    ("moods", "contemplative"): ("让人安静下来想一想", "回味很久"),
    ("moods", "cerebral"): ("要动脑子", "让人思考"),
    ("moods", "scary"): ("晚上不敢关灯", "让人做噩梦"),
    ("moods", "hopeful"): ("让人心情变好", "给人力量"),
    ("moods", "tragic"): ("让人心碎",),
    ("moods", "calm"): ("能让人放空", "睡前"),
    ("moods", "romantic"): ("适合约会",),
    ("moods", "nostalgic"): ("让人想起从前",),
    ("genres", "mystery"): ("要猜凶手是谁", "有案子要破"),
    ("genres", "romance"): ("两个人相爱",),
    ("genres", "fantasy"): ("有魔法",),
    ("genres", "action"): ("打斗多",),
}
WANT_THAT = (
    "想要{that}的。", "有没有{that}的？", "最好是{that}的。", "来点{that}的。", "希望{that}。",
    "我想要那种{that}的。",
)  # fmt: skip
DECADES: Mapping[int, str] = {}
UNITS: Mapping[str, str] = {"minutes": "分钟", "hours": "小时", "pages": "页"}
ORDINALS = ("第一", "第二", "第三", "第四", "第五")

TAILS: Mapping[str, tuple[str, ...]] = {
    "year <": ("{x}年以前的", "{x}年之前的", "早于{x}年的"),
    "year >": ("{x}年以后的", "{x}年之后的", "比{x}年新的"),
    "decade is": ("{x}年代的", "{x}年代出的"),
    "price <": ("{x}以下的", "不超过{x}的", "{x}以内的"),
    "length <": ("{x}以内的", "不超过{x}的", "{x}以下的"),
    "language is": ("{x}的", "{x}的", "说{x}的"),
    "language is_not": ("不要{x}的", "不是{x}的"),
    "kind is": ("{x}",),
    "creators": ("{x}的", "{x}的作品"),
    "about": ("关于{x}的", "讲{x}的", "有{x}的"),
    "other": ("有{x}的", "带{x}的"),
    "refuse": ("不要{x}", "不想要{x}", "别有{x}", "不要{x}的", "没有{x}的", "除了{x}都行"),
    "refuse mood": ("不要太{x}", "别太{x}", "不要{x}的", "不想要{x}的", "不要那么{x}", "别{x}"),
}

OPENERS = (
    "想找{thing}。", "有没有{thing}？", "推荐{thing}吧。", "我想要{thing}。", "求推荐{thing}。",
    "最近想来点{thing}。", "能推荐{thing}吗？", "帮我找{thing}。", "今晚想来{thing}，有什么建议？",
    "有什么好的{thing}？", "给我推荐{thing}。", "来{thing}吧。",
)  # fmt: skip
OPENERS_VAGUE = (
    "有什么推荐的？", "不知道选什么好，推荐一下吧。", "随便推荐点什么吧。", "最近有什么好的？", "给点建议吧。",
)  # fmt: skip
LIKED = (
    "我很喜欢{titles}。", "我特别爱{titles}。", "{titles}真好。", "我是{titles}的粉丝。",
    "前几天重温了{titles}，太喜欢了。", "最喜欢的是{titles}。",
)  # fmt: skip
LIKE_THEM = (
    "有没有类似{titles}的？", "想要像{titles}那样的。", "喜欢{titles}，还有什么类似的？", "推荐和{titles}差不多的。",
    "喜欢{titles}的人还会喜欢什么？", "有和{titles}风格接近的吗？",
)  # fmt: skip
DISLIKED = ("我不喜欢{titles}。", "{titles}太无聊了。", "不要{titles}那样的。")
LEADS = ("你好，", "您好！", "嗨，", "请问，", "你好！", "嗨！")

WANT_MOOD = (
    "想要{more}的。", "能不能{more}一点？", "最好{more}一点。", "希望{more}一些。", "来点{more}的吧。",
    "有没有{more}的？",
)  # fmt: skip
WANT_GENRE = ("想要{x}的。", "有{x}的吗？", "最好是{x}。", "我更想要{x}。", "来点{x}吧。", "换成{x}吧。")
WANT_ABOUT = (
    "最好关于{x}。", "有没有讲{x}的？", "想要和{x}有关的。", "最好有{x}。", "有关于{x}的吗？", "我对{x}感兴趣。",
)  # fmt: skip
WANT_OTHER = ("最好有{x}。", "想要有{x}的。")
WANT_MAKER = ("有没有{x}的作品？", "我喜欢{x}。", "{x}的有吗？")
LIMIT = ("要{x}。", "只要{x}。", "最好是{x}。", "我想要{x}。", "必须是{x}。", "来点{x}。")
LIMIT_KIND = ("要{x}。", "只要{x}。", "最好是{x}。", "我想要{x}。", "必须是{x}。", "我说的是{x}。")
REFUSE = ("不要{x}。", "我不想要{x}。", "别给我{x}。", "不喜欢{x}。", "除了{x}都可以。", "没有{x}的。")
REFUSE_GENRE = ("不要{x}。", "我不想要{x}。", "别给我{x}。", "不喜欢{x}。", "除了{x}都可以。", "{x}就算了。")
REFUSE_MOOD = ("不要太{x}的。", "别太{x}。", "我不想要{x}的。", "不喜欢{x}的。", "不要{x}的。", "不要那么{x}。")
LESS = ("太{x}了。", "没那么{x}的有吗？", "不要这么{x}。", "对我来说太{x}了。", "这些都太{x}了。", "别这么{x}。")
RELATIVE: Mapping[str, tuple[str, ...]] = {
    "year <": ("有没有老一点的？", "想要更老的。", "再早一点的。"),
    "year >": ("有没有新一点的？", "想要更新的。", "有新一点的吗？"),
    "price <": ("有便宜一点的吗？", "更便宜的有吗？", "太贵了，便宜点的呢？"),
    "length <": ("有短一点的吗？", "更短的有吗？", "太长了，短一点的呢？"),
}
CLOSER = (
    "{this}不错，还有类似的吗？", "多来点像{this}的。", "我喜欢{this}，还有别的吗？", "像{this}那样的再来几个。",
    "{this}最接近，类似的还有吗？", "{this}挺好，再推荐几个相近的。",
)  # fmt: skip
REJECT = ("不要{this}。", "{this}我不喜欢。", "{this}不感兴趣。", "不想要{this}。", "{this}不行。", "{this}就算了。")
SEEN = (
    "{this}我{knew}了。", "我{knew}{this}了。", "{this}已经{knew}了。", "{this}我早就{knew}了。", "我{knew}{this}。",
    "{this}{knew}。",
)  # fmt: skip
MORE_OF_IT = ("还有别的吗？", "换一批。", "再来几个。", "还有其他的吗？", "继续。", "再换换。")
REACTIONS = ("嗯，", "差不多，不过", "还行吧。", "不太对。", "谢谢，不过", "有点意思，")
AGAIN = ("我刚才说了，", "我说过，", "再说一次，", "前面说了，", "还是那句话，", "记得我说过，")
RETRACT_KIND = ("算了，不要{x}了。", "我改主意了，不要{x}。", "还是不要{x}了。")
RETRACT_WISH = ("算了，不要{x}了。", "我改主意了，不想要{x}了。", "不用{x}了。")
RETRACT_LIMIT: Mapping[str, tuple[str, ...]] = {
    "year": ("算了，年份不限。", "哪年的都行。", "年份无所谓了。"),
    "price": ("算了，价格不限。", "价格无所谓。", "多少钱都行。"),
}
RETRACT_LIMIT_ANY = ("算了，不一定要{x}。", "不用{x}也行。")
ACCEPT = (
    "就{titles}了，谢谢！", "{titles}正是我想要的。", "太好了，就要{titles}。", "{this}就行，谢谢。", "就{this}吧。",
    "{titles}，完美。",
)  # fmt: skip

ANSWERS = (
    "我会先推荐{a}，其次是{rest}。", "可以试试{a}，还有{rest}。", "{a}应该合你口味，{rest}也不错。",
    "首选{a}，然后是{rest}。", "不妨看看{a}，也可以考虑{rest}。", "想到的是{a}，另外还有{rest}。",
)  # fmt: skip
ANSWERS_ONE = ("我推荐{a}。", "可以试试{a}。", "{a}应该合你口味。", "那就{a}。", "不妨看看{a}。", "想到的是{a}。")
FOR_WISH = (
    "想要{wish}的：", "{wish}的话，", "既然想要{wish}的，", "明白，{wish}。", "要{wish}的，", "好的，{wish}的。",
)  # fmt: skip
SINCE_LIKED = (
    "既然你喜欢{titles}，", "按{titles}的感觉，", "与{titles}相近：", "说到{titles}，", "照着{titles}来，",
    "参考{titles}：",
)  # fmt: skip
ASKS = ("能再说说你想要什么吗？", "你以前喜欢过什么？")
