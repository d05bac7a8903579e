"""Small mistakes that somebody might make in the code that decides over messages' time, and in the store's part of it."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Mutant:
    name: str
    file: str
    right: str  # as it stands there, once
    wrong: str


def of(file, *mistakes):
    return [Mutant(name, file, right, wrong) for name, right, wrong in mistakes]


MUTANTS = [
    *of("policies/lifecycle.cc",
        ("the latest date counts", "return b->time < a->time ? b : a;", "return b->time > a->time ? b : a;"),
        ("the mailbox that drops it first counts", "return b->time > a->time ? b : a;", "return b->time < a->time ? b : a;"),
        ("only the first mailbox counts", "i < places.size() && last", "i < 1 && last"),
        ("flagged messages leave", "|| (rule.keep_flagged && flagged)", "|| (rule.keep_flagged && flagged && !rule.keep)"),
        ("reading counts from arrival", "case Since::reading: return facts.seen;", "case Since::reading: return facts.received;"),
        ("trash counts from arrival", "case Since::trash: return facts.trashed;", "case Since::trash: return facts.received;"),
        ("the expires field is not read", "case Since::expires_header: return stated_end(facts);",
         "case Since::expires_header: return std::nullopt;"),
        ("an expires field that has passed counts", "std::max(*facts.expires_header, facts.received + kLeastToExpires)", "*facts.expires_header"),
        ("rules of other beginnings decide", "if (rule.since != since || !is_about", "if (!is_about"),
        ("the shortest retain counts", "until.time > last->time", "until.time < last->time")),
    *of("policies/selector.cc",
        ("larger is smaller", "facts.size_bytes <= *when.larger_bytes", "facts.size_bytes > *when.larger_bytes"),
        ("smaller may be as large", "facts.size_bytes >= *when.smaller_bytes", "facts.size_bytes > *when.smaller_bytes + 1000"),
        ("without-flag is not asked", "if (!when.without_flag.empty() && has", "if (when.without_flag == \"-\" && has"),
        ("a sender needs its scheme", "return matches(pattern, sender) || matches(pattern, without_scheme(sender));",
         "return matches(pattern, sender) || without_scheme(sender).empty();"),
        ("a field's value is not asked", "(when.matches.empty() || matches(when.matches, field.value))", "!field.value.empty()"),
        ("all of the conditions must be so", "std::any_of(rule.when.begin()", "std::all_of(rule.when.begin()"),
        ("case counts in patterns", "lower(pattern[p]) == lower(text[t])", "pattern[p] == lower(text[t])"),
        ("a star gives nothing back", "t = ++from;", "t = from = text.size();")),
    *of("schema/effective_class.cc",
        ("final rules are asked last", "append(ordered, rules);\n  rules = std::move(ordered);", "append(rules, ordered);"),
        ("final rules of the first layer win", "for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer)",
         "for (auto layer = layers.begin(); layer != layers.end(); ++layer)"),
        ("the range is asked before the account", "{layers.account_class, layers.range_class}", "{layers.range_class, layers.account_class}"),
        ("the last who states a value wins", "if (!into.stated_by.emplace(key, layer.name).second) continue;",
         "into.stated_by[key] = layer.name;")),
]
