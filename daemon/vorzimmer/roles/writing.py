"""What the pages know of the channels: which there are, and what each would write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from vorzimmer.core import sms_text
from vorzimmer.core.notify_rule import Channel, Rule, Template, telling
from vorzimmer.notify import own_words, sms_words
from vorzimmer.notify.own_words import OwnWordsError, Words
from vorzimmer.notify.render import RenderError, preview
from vorzimmer.notify.sms_words import Manner
from vorzimmer.notify.view import Link, Links
from vorzimmer.roles.running import now
from vorzimmer.settings import Settings
from vorzimmer.store.signed_links import Kind, Signer
from vorzimmer.web.writing import Sms, Writing, Written


def offered(settings: Settings) -> tuple[Channel, ...]:
    """The channels that this house has, in the order of the pages."""
    has = {Channel.SMS: settings.sms.gateway is not None}
    return tuple(channel for channel in Channel if has.get(channel, True))


def writing_of(settings: Settings) -> Writing:
    """As this house writes.

    Raises:
        own_words.OwnWordsError, OSError: the operator's own words cannot be read.
    """
    folder = settings.notify.templates
    mail, sms = ({} if folder is None else own_words.read_folder(folder, one) for one in ("email", "sms"))
    region, links = settings.house.region, _links_to_nowhere(settings)
    return writing(region, offered(settings), mail, Manner(region, settings.sms.parts, links, sms))


def _links_to_nowhere(settings: Settings) -> Links:
    """As long as real ones, so that a text message is as long as it will be; what looks opens nothing."""
    signer, base, days = Signer(b"preview"), settings.web.base_url, settings.notify.link_days

    def link(kind: Kind, place: str) -> Link:
        def url(call: str, client: str) -> str:
            return f"{base}/{place}/{signer.token(kind, {'call': call, 'client': client}, now(), timedelta(days))}"

        return url

    return Links(recording=link("recording", "r"), answer=link("answer", "m"), days=days)


def writing(
    region: str, channels: tuple[Channel, ...], mail: Mapping[str, Words] | None = None, sms: Manner | None = None
) -> Writing:
    """How messages are written. `region`: ISO 3166, of national numbers; `mail`: the operator's own words."""
    return Writing(_Writer(region, mail or {}, sms or Manner(region)).write, wrong, channels)


def wrong(template: Template) -> dict[str, str]:
    """What is wrong with own words, by `subject` and `body`."""
    found: dict[str, str] = {}
    for problem in own_words.check({"subject": template.subject, "body": template.body}):
        part, _, text = problem.partition(": ")
        found[part] = f"{found[part]}; {text}" if part in found else text
    return found


@dataclass(frozen=True, slots=True)
class _Writer:
    region: str
    mail: Mapping[str, Words]
    sms: Manner

    def write(self, payload: Mapping[str, Any], rule: Rule, language: str) -> Written:
        """A message as it would go; without links, which lead somewhere only once it is sent."""
        told = telling(rule)
        try:
            page = preview(payload, told, language, self.region, self.sms.links, house=self.mail)
            sms = self._sms({**payload, "rule": told}, language) if rule.channel is Channel.SMS else None
        except (RenderError, OwnWordsError) as error:
            raise ValueError(str(error)) from None
        return Written(page.subject, page.text if sms is None else sms.text, "" if sms is not None else page.html, sms)

    def _sms(self, payload: Mapping[str, Any], language: str) -> Sms:
        text = sms_words.write(payload, language, self.sms, _quietly)
        cost = sms_text.parts(text)
        return Sms(text, cost.count, cost.encoding)


def _quietly(_event: str, /, **_about: object) -> None:
    """Own words that fail were told of by `preview` already."""
