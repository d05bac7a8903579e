// VacationResponse (RFC 8621 section 8).
#include "adapters/jmap/date_codec.h"
#include "adapters/jmap/singleton.h"
#include "adapters/jmap/types.h"
#include "store/vacation.h"

namespace telepost::adapters::jmap {
namespace {

const Names& vacation_properties() {
  static const Names names = {"id", "isEnabled", "fromDate", "toDate", "subject", "textBody", "htmlBody"};
  return names;
}

const Json& vacation_defaults() {
  static const Json defaults = {{"isEnabled", false}, {"fromDate", nullptr}, {"toDate", nullptr}, {"subject", nullptr}, {"textBody", nullptr}, {"htmlBody", nullptr}};
  return defaults;
}

Json to_json(const schema::VacationRecord& vacation) {
  const auto date = [](const std::optional<Time>& time) { return time ? Json(to_utc_date(*time)) : Json(nullptr); };
  const auto text = [](const std::optional<std::string>& value) { return value ? Json(*value) : Json(nullptr); };
  return {{"id", "singleton"},
          {"isEnabled", vacation.enabled},
          {"fromDate", date(vacation.from)},
          {"toDate", date(vacation.to)},
          {"subject", text(vacation.subject)},
          {"textBody", text(vacation.text)},
          {"htmlBody", text(vacation.html)}};
}

bool read_date(const Json& value, std::optional<Time>& into) {
  if (value.is_null()) return true;
  const Result<Time> time = value.is_string() ? utc_date_from(value.get_ref<const std::string&>()) : Result<Time>(Errc::invalid, "");
  if (time.ok()) into = *time;
  return time.ok();
}

bool read_text_or_null(const Json& value, std::optional<std::string>& into) {
  if (value.is_string()) into = value.get<std::string>();
  return value.is_string() || value.is_null();
}

// Gives the names of those that are wrong.
std::vector<std::string> read_vacation(const Json& object, schema::VacationRecord& into) {
  std::vector<std::string> wrong;
  const auto check = [&](const char* name, bool is_right) {
    if (!is_right) wrong.emplace_back(name);
  };
  const Json& enabled = object.at("isEnabled");
  check("isEnabled", enabled.is_boolean());
  into.enabled = enabled.is_boolean() && enabled.get<bool>();
  check("fromDate", read_date(object.at("fromDate"), into.from));
  check("toDate", read_date(object.at("toDate"), into.to));
  check("subject", read_text_or_null(object.at("subject"), into.subject));
  check("textBody", read_text_or_null(object.at("textBody"), into.text));
  check("htmlBody", read_text_or_null(object.at("htmlBody"), into.html));
  return wrong;
}

Result<std::pair<Json, schema::Modseq>> known_vacation(store::Store& store, schema::AccountId account) {
  TELEPOST_ASSIGN(const schema::VacationRecord vacation, store::vacation_of(store, account));
  return std::pair(to_json(vacation), vacation.modseq);
}

SetOutcome keep_vacation(store::Store& store, schema::AccountId account, const Json& object, schema::Modseq known) {
  schema::VacationRecord vacation;
  vacation.modseq = known;
  std::vector<std::string> wrong = read_vacation(object, vacation);
  if (!wrong.empty()) return SetError{"invalidProperties", {}, std::move(wrong)};
  const auto kept = store::set_vacation(store, account, std::move(vacation));
  if (kept.ok()) return Json(nullptr);
  if (auto why = set_error_of(kept.error())) return *std::move(why);
  return kept.error();
}

constexpr SingletonType kVacationResponse = {vacation_properties, vacation_defaults, known_vacation, keep_vacation};

}  // namespace

void add_vacation_response(Methods& methods) {
  methods.offer({kVacation, no_members, no_members});
  methods.add(kVacation, {{"VacationResponse/get", [](Call& call) { return get_singleton(call, kVacationResponse); }},
                          {"VacationResponse/set", [](Call& call) { return set_singleton(call, kVacationResponse); }}});
}

}  // namespace telepost::adapters::jmap
