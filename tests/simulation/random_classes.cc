#include "tests/simulation/random_classes.h"

namespace telepost::simulation {

When random_when(Dice& dice) {
  When when;
  switch (dice.below(9)) {
    case 0: when.kinds = {dice.of(kKinds), dice.of(kKinds)}; break;
    case 1: when.mailbox = dice.of(std::vector<std::string>{"Work*", "*/old", "inbox", "Junk", "W*k"}); break;
    case 2: when.role = dice.of(std::vector<std::string>{"inbox", "trash", "junk", "archive"}); break;
    case 3: when.sender = dice.of(std::vector<std::string>{"*@list.test", "mailto:boss@*", "NEWS@*", "bob@sender.test"}); break;
    case 4: when.larger = 500 + dice.below(4000); break;
    case 5: when.smaller = 500 + dice.below(4000); break;
    case 6: when.flag = dice.of(std::vector<std::string>{"$flagged", "$seen", "$important"}); break;
    case 7: when.without_flag = dice.of(std::vector<std::string>{"$seen", "$important"}); break;
    default:
      when.header = "List-Id";
      if (dice.percent(70)) when.matches = dice.of(std::vector<std::string>{"*.LIST.test", "daily*", "*firm*"});
  }
  if (dice.percent(25)) when.kinds = {"email", dice.of(kKinds)};
  return when;
}

namespace {

std::vector<When> random_whens(Dice& dice, unsigned percent_about_all) {
  std::vector<When> whens;
  if (dice.percent(percent_about_all)) return whens;
  const std::uint64_t many = 1 + dice.below(2);
  for (std::uint64_t i = 0; i < many; ++i) whens.push_back(random_when(dice));
  return whens;
}

Millis random_keep(Dice& dice) {
  switch (dice.below(12)) {
    case 0: return kNever;
    case 1: return dice.between(1, 3600) * kSecond;
    case 2: return dice.between(1, 200) * kHour;
    default: return dice.between(2, 90) * kDay;
  }
}

void add_retention(Dice& dice, ClassText& to, Rule::Since since, std::uint64_t rules, bool has_last) {
  for (std::uint64_t i = 0; i < rules; ++i) {
    Rule rule;
    rule.since = since;
    rule.when = has_last && i + 1 == rules ? std::vector<When>() : random_whens(dice, 5);
    rule.keep = since == Rule::Since::expires ? (dice.percent(70) ? 0 : kNever) : random_keep(dice);
    rule.keep_flagged = dice.percent(30);
    rule.final = since != Rule::Since::expires && dice.percent(10);
    to.retention.push_back(std::move(rule));
  }
}

ClassText random_class(Dice& dice, const std::string& name, bool is_last) {
  ClassText text;
  text.name = name;
  add_retention(dice, text, Rule::Since::arrival, dice.below(4) + (is_last ? 1 : 0), is_last);
  add_retention(dice, text, Rule::Since::reading, dice.below(2), false);
  add_retention(dice, text, Rule::Since::trash, dice.below(3), dice.percent(50));
  add_retention(dice, text, Rule::Since::expires, dice.below(3), false);
  if (dice.percent(60)) text.undelete.keep = dice.of(std::vector<Millis>{0, kHour, kDay, 7 * kDay, 30 * kDay});
  if (dice.percent(40)) text.undelete.messages = dice.percent(20) ? Limit() : Limit(1 + dice.below(12));
  if (dice.percent(30)) text.undelete.bytes = dice.percent(20) ? Limit() : Limit(5'000 + dice.below(40'000));
  if (dice.percent(20)) text.quota_messages = 30 + dice.below(200);
  if (dice.percent(20)) text.quota_bytes = 100'000 + dice.below(400'000);
  if (dice.percent(15)) text.allow[dice.of(kKinds)] = dice.percent(50);
  return text;
}

}  // namespace

std::map<std::string, ClassText> random_classes(Dice& dice) {
  std::map<std::string, ClassText> classes;
  for (const char* name : {"gold", "silver", "tin", "office", "standard"}) {
    classes[name] = random_class(dice, name, std::string_view(name) == "standard");
    const std::uint64_t retains = dice.percent(25) ? 1 + dice.below(2) : 0;
    for (std::uint64_t i = 0; i < retains; ++i) {
      Rule rule;
      rule.when = random_whens(dice, 30);
      rule.keep = dice.between(1, 60) * kDay;
      classes[name].retain.push_back(std::move(rule));
    }
  }
  return classes;
}

ClassText random_settings(Dice& dice) {
  ClassText own = random_class(dice, "subscriber", false);
  own.undelete = {};
  own.quota_bytes = own.quota_messages = std::nullopt;
  for (Rule& rule : own.retention) rule.final = false;
  return own;
}

}  // namespace telepost::simulation
