// What inspect tells of second factors and tokens: nothing that was typed, and nothing that opens.
#include "schema/sign_in_records.h"
#include "store/describer.h"

namespace telepost::store {

bool describe_second_factor(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_SecondFactorRecord(bytes);
  if (!r.ok()) return false;
  Describer(fields).flag("on", r->is_on).time("created", r->created).number("last_step", r->last_step).number("recovery_codes", r->recovery.size())
      .number("failures", r->failures).time("retry_at", r->retry_at).size("box", r->box);
  return true;
}

bool describe_token(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_TokenRecord(bytes);
  if (!r.ok()) return false;
  Describer(fields).text("kind", name_of(r->kind)).number("number", r->number).number("family", r->family)
      .list("scopes", names_of(r->scopes), [](std::string_view name) { return name; }).text("client", r->client).text("label", r->label)
      .time("created", r->created).time("expires", r->expires).time("used", r->used).text("peer", r->peer).flag("spent", r->is_spent)
      .time("due", r->due);
  return true;
}

}  // namespace telepost::store
