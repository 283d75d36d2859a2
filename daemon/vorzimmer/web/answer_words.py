"""What the page behind the link of a message says, in the client's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from babel.dates import format_date

Language = Literal["de", "en", "zh"]


def when(at: datetime, language: Language) -> str:
    """Day and time of day, by the clock in whose zone `at` is."""
    return f"{format_date(at.date(), 'long', locale=language)}, {at:%H:%M}"


WORDS: Mapping[Language, Mapping[str, str]] = {
    "de": {
        "title": "Anruf vom {at}",
        "for": "für {client}",
        "caller": "Anrufer",
        "about": "Notiz",
        "is_done": "Als erledigt markiert am {at}.",
        "done": "Erledigt",
        "reopened": "Doch nicht erledigt",
        "reply": "Antwort an uns",
        "reply.hint": "Wer den Anruf angenommen hat, liest Ihre Antwort. Höchstens 5.000 Zeichen.",
        "send": "Antwort senden",
        "replied": "Ihre Antwort vom {at} ist bei uns.",
        "said.done": "Danke. Der Anruf ist als erledigt markiert.",
        "said.reopened": "Der Anruf ist nicht mehr als erledigt markiert.",
        "said.reply": "Danke. Ihre Antwort ist bei uns.",
        "problem": "Das ging nicht",
        "forged": "Dieser Link ist nicht von uns, oder ein Teil fehlt. Kopieren Sie ihn ganz aus der Nachricht.",
        "expired": "Dieser Link gilt nicht mehr. Bitte rufen Sie uns an, oder nutzen Sie Ihr Kundenportal.",
        "too_often": "Zu viele Versuche. Bitte versuchen Sie es in einigen Minuten noch einmal.",
        "away": "Das geht gerade nicht. Bitte versuchen Sie es in einigen Minuten noch einmal.",
        "empty": "Die Antwort ist leer.",
        "too_long": "Die Antwort ist zu lang: höchstens 5.000 Zeichen.",
        "too_many": "Zu diesem Anruf gibt es schon sehr viele Antworten. Bitte rufen Sie uns an.",
    },
    "en": {
        "title": "Call of {at}",
        "for": "for {client}",
        "caller": "Caller",
        "about": "Note",
        "is_done": "Marked as done on {at}.",
        "done": "Done",
        "reopened": "Not done after all",
        "reply": "Reply to us",
        "reply.hint": "Whoever took the call will read your reply. At most 5,000 characters.",
        "send": "Send the reply",
        "replied": "We have your reply of {at}.",
        "said.done": "Thank you. The call is marked as done.",
        "said.reopened": "The call is no longer marked as done.",
        "said.reply": "Thank you. We have your reply.",
        "problem": "That did not work",
        "forged": "This is no link of ours, or a part of it is missing. Copy it whole from the message.",
        "expired": "This link is no longer good. Please call us, or use your portal.",
        "too_often": "Too many attempts. Please try again in a few minutes.",
        "away": "This does not work at the moment. Please try again in a few minutes.",
        "empty": "The reply is empty.",
        "too_long": "The reply is too long: at most 5,000 characters.",
        "too_many": "This call has very many answers already. Please call us.",
    },
    "zh": {
        "title": "{at} 的来电",
        "for": "致 {client}",
        "caller": "来电者",
        "about": "记录",
        "is_done": "已于 {at} 标记为完成。",
        "done": "已完成",
        "reopened": "尚未完成",
        "reply": "回复我们",
        "reply.hint": "接听该来电的人员会看到您的回复。最多 5,000 个字符。",
        "send": "发送回复",
        "replied": "我们已收到您 {at} 的回复。",
        "said.done": "谢谢。该来电已标记为完成。",
        "said.reopened": "该来电不再标记为完成。",
        "said.reply": "谢谢。我们已收到您的回复。",
        "problem": "操作未成功",
        "forged": "此链接无效或不完整。请从消息中完整复制。",
        "expired": "此链接已失效。请致电我们或使用您的客户门户。",
        "too_often": "尝试次数过多。请几分钟后再试。",
        "away": "暂时无法操作。请几分钟后再试。",
        "empty": "回复为空。",
        "too_long": "回复过长。最多 5,000 个字符。",
        "too_many": "该来电已有很多回复。请致电我们。",
    },
}
