// SearchSnippet/get (RFC 8621 section 5). Without an index of words no search finds a word in a body, so that there is nothing to show of
// one: both snippets are null, which is what the RFC wants where nothing matched.
#include "adapters/jmap/email.h"
#include "adapters/jmap/email_filter.h"

namespace telepost::adapters::jmap {

MethodResult get_search_snippets(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const QueryArguments asked, read_query(call.arguments));  // of which it has the filter alone
  TELEPOST_ASSIGN(const auto ids, call.arguments.ids_or_null("emailIds"));
  TELEPOST_TRY(call.arguments.done());
  if (!ids) return MethodError{"invalidArguments", "emailIds wants a list of ids"};
  if (ids->size() > call.context.settings.max_objects_in_get) return MethodError{"requestTooLarge", "more emails than maxObjectsInGet"};
  const auto filter = EmailFilter::read(asked.filter);
  if (const auto* const error = std::get_if<MethodError>(&filter)) return *error;
  std::vector<schema::LocalId> locals;
  for (const std::string& id : *ids) locals.push_back({number_from('e', id).value_or(0)});
  TELEPOST_ASSIGN(const auto selection, call.context.store.reader().select(account, locals));
  Json list = Json::array(), not_found = Json::array();
  for (std::size_t i = 0; i < ids->size(); ++i) {
    if (selection.messages[i]) list.push_back({{"emailId", (*ids)[i]}, {"subject", nullptr}, {"preview", nullptr}});
    else not_found.push_back((*ids)[i]);
  }
  return Json{{"accountId", to_id(account)}, {"list", std::move(list)}, {"notFound", not_found.empty() ? Json(nullptr) : not_found}};
}

}  // namespace telepost::adapters::jmap
