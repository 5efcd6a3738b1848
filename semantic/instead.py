"""What to write instead of the functions and operators of other SQL that the vocabulary does not have."""

from __future__ import annotations

from collections.abc import Mapping

_CASE = "write case when … then … else … end"
_AS_OF = "as_of is the query's instant; which days count is said by the query's period"
_PARTS = "year, quarter, month, day, hour and iso_weekday give parts of a time, date_trunc('month', x) its period"
_DIFFERENCE = "times are compared by date_diff('day', a, b) and age_years(a, b)"
_REGEXP = "regexp_matches(x, '^a.*b$') says whether text is as a pattern says"
_LIKE = "contains(x, 'y'), starts_with(x, 'y') and x like '%y%' look into text"

FUNCTIONS: Mapping[str, str] = {
    **dict.fromkeys(("ifnull", "nvl", "isnull", "zeroifnull"), "write coalesce(x, 0)"),
    **dict.fromkeys(("if", "iif", "iff", "decode", "nvl2"), _CASE),
    **dict.fromkeys(("now", "today", "getdate", "current_date", "current_timestamp", "localtime"), _AS_OF),
    **dict.fromkeys(("dateadd", "date_add", "date_sub", "datesub", "timestampadd", "interval"), _DIFFERENCE),
    **dict.fromkeys(("extract", "date_part", "to_char", "strftime", "date_format", "format"), _PARTS),
    **dict.fromkeys(("dayofweek", "weekday", "isodow", "dayname", "weekofyear", "week"), _PARTS),
    **dict.fromkeys(("instr", "strpos", "position", "charindex"), _LIKE),
    **dict.fromkeys(("regexp_like", "rlike", "regexp", "regexp_full_match"), _REGEXP),
    **dict.fromkeys(("to_date", "date", "to_timestamp", "datetime"), "write cast(x as date) or cast(x as timestamp)"),
    **dict.fromkeys(("try_cast", "safe_cast", "convert", "to_number", "int"), "write cast(x as double)"),
    **dict.fromkeys(("len", "char_length", "character_length"), "write length(x)"),
    **dict.fromkeys(("substr", "mid"), "write substring(x, 1, 3)"),
    **dict.fromkeys(("lcase", "ucase"), "write lower(x) or upper(x)"),
    **dict.fromkeys(("ltrim", "rtrim", "btrim", "strip"), "write trim(x)"),
    **dict.fromkeys(("trunc", "truncate", "ceiling"), "write floor(x), ceil(x) or round(x, 2)"),
    "concat_ws": "write a || ' ' || b",
    "safe_divide": "write a / b: it is NULL where b is 0",
    "datediff": "write date_diff('day', a, b)",
    "timestampdiff": "write date_diff('day', a, b)",
}
OPERATORS: Mapping[str, tuple[str, str]] = {  # the node → as it is written, and what to write instead
    "Mod": ("%", "write mod(a, b)"),
    "IntDiv": ("//", "write floor(a / b)"),
    "ILike": ("ilike", "write lower(x) like 'y%'"),
    "ArrayOverlaps": ("&&", "write and"),
    "Interval": ("interval", _DIFFERENCE),
    "CurrentDate": ("current_date", _AS_OF),
    "CurrentTimestamp": ("current_timestamp", _AS_OF),
    "Pow": ("^", "write a * a"),
    "RegexpLike": ("~", _REGEXP),
    "SimilarTo": ("similar to", _REGEXP),
    "Extract": ("extract", _PARTS),
    "TryCast": ("try_cast", "write cast(x as double)"),
}
