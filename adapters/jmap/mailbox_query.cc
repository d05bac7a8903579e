#include <algorithm>

#include "adapters/jmap/mailbox.h"
#include "base/bytes.h"

namespace telepost::adapters::jmap {
namespace {

using schema::MailboxRecord;
using Records = std::map<schema::MailboxId, const MailboxRecord*>;
using Order = std::strong_ordering;

// What is wrong with a condition, or nothing.
std::optional<MethodError> fault_of(const Json& condition) {
  for (const auto& [name, value] : condition.items()) {
    const bool is_right = name == "parentId" || name == "role" ? value.is_null() || value.is_string()
                          : name == "name"                     ? value.is_string()
                                                               : value.is_boolean();
    if (name != "parentId" && name != "role" && name != "name" && name != "hasAnyRole" && name != "isSubscribed") {
      return MethodError{"unsupportedFilter", "there is no condition '" + name.substr(0, 80) + "'"};
    }
    if (!is_right) return MethodError{"invalidArguments", "filter/" + name + " is of the wrong type"};
  }
  return std::nullopt;
}

std::optional<MethodError> fault_of(const Comparator& comparator) {
  const bool is_known = comparator.property == "sortOrder" || comparator.property == "name" || comparator.property == "parentId";
  if (!is_known) return MethodError{"unsupportedSort", "mailboxes are not sorted by '" + comparator.property.substr(0, 80) + "'"};
  if (!comparator.collation || *comparator.collation == "i;ascii-casemap" || *comparator.collation == "i;octet") return std::nullopt;
  return MethodError{"unsupportedSort", "there is no collation '" + comparator.collation->substr(0, 80) + "'"};
}

bool contains_ignoring_case(std::string_view text, std::string_view part) { return to_lower(text).find(to_lower(part)) != std::string::npos; }

bool matches(const MailboxRecord& mailbox, const Json& condition) {
  for (const auto& [name, value] : condition.items()) {
    bool holds = false;
    if (name == "parentId") holds = value == (mailbox.parent.value == 0 ? Json(nullptr) : Json(to_id(mailbox.parent)));
    else if (name == "name") holds = contains_ignoring_case(mailbox.name, value.get_ref<const std::string&>());
    else if (name == "role") holds = value == to_json(mailbox.role);
    else if (name == "hasAnyRole") holds = value.get<bool>() == (mailbox.role != schema::Role::none);
    else holds = value.get<bool>() == mailbox.subscribed;
    if (!holds) return false;
  }
  return true;
}

Order compare(const MailboxRecord& a, const MailboxRecord& b, const Comparator& comparator) {
  Order order = Order::equal;
  if (comparator.property == "sortOrder") order = a.sort_order <=> b.sort_order;
  else if (comparator.property == "parentId") order = to_id(a.parent) <=> to_id(b.parent);
  else if (comparator.collation == "i;octet") order = a.name <=> b.name;
  else order = to_lower(a.name) <=> to_lower(b.name);
  return comparator.is_ascending ? order : 0 <=> order;
}

bool is_before(const MailboxRecord& a, const MailboxRecord& b, const std::vector<Comparator>& sort) {
  for (const Comparator& comparator : sort) {
    if (const Order order = compare(a, b, comparator); order != 0) return order < 0;
  }
  return a.id < b.id;  // the same at each call
}

// From the top to the mailbox itself.
std::vector<const MailboxRecord*> line_of(const MailboxRecord& mailbox, const Records& all) {
  std::vector<const MailboxRecord*> line = {&mailbox};
  while (line.size() <= store::kMaxMailboxDepth) {
    const auto parent = all.find(line.back()->parent);
    if (parent == all.end()) break;
    line.push_back(parent->second);
  }
  std::reverse(line.begin(), line.end());
  return line;
}

// RFC 8621 section 2.3, sortAsTree: an ancestor comes first; else those decide that lie below the nearest common one.
bool is_before_in_tree(const std::vector<const MailboxRecord*>& a, const std::vector<const MailboxRecord*>& b, const std::vector<Comparator>& sort) {
  const auto [left, right] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (left == a.end() || right == b.end()) return left == a.end() && right != b.end();
  return is_before(**left, **right, sort);
}

Records records_of(const std::vector<store::MailboxInTree>& mailboxes) {
  Records all;
  for (const store::MailboxInTree& mailbox : mailboxes) all.emplace(mailbox.record.id, &mailbox.record);
  return all;
}

// A mailbox moves in a result also when one above it changes.
bool is_touched(const MailboxRecord& mailbox, const Records& all, schema::Modseq since) {
  const auto line = line_of(mailbox, all);
  return std::any_of(line.begin(), line.end(), [&](const MailboxRecord* one) {
    return (one->properties_modseq.value != 0 ? one->properties_modseq : one->modseq) > since;
  });
}

}  // namespace

std::variant<MailboxQuery, MethodError> MailboxQuery::read(Arguments& arguments, Filter filter, std::vector<Comparator> sort) {
  MailboxQuery query;
  const Result<bool> sort_as_tree = arguments.boolean_or("sortAsTree", false), filter_as_tree = arguments.boolean_or("filterAsTree", false);
  for (const Result<bool>& each : {sort_as_tree, filter_as_tree}) {
    if (!each.ok()) return method_error_of(each.error());
  }
  if (const Result<void> done = arguments.done(); !done.ok()) return method_error_of(done.error());
  const auto fault_in = [](const auto& asked) { return fault_of(asked); };
  if (auto fault = fault_of_query(filter, sort, fault_in, fault_in)) return *std::move(fault);
  query.filter_ = std::move(filter);
  query.sort_ = std::move(sort);
  query.sort_as_tree_ = *sort_as_tree;
  query.filter_as_tree_ = *filter_as_tree;
  return query;
}

std::vector<const MailboxRecord*> MailboxQuery::run(const std::vector<store::MailboxInTree>& mailboxes) const {
  const Records all = records_of(mailboxes);
  const auto fits = [&](const MailboxRecord* mailbox) { return filter_.holds([&](const Json& condition) { return matches(*mailbox, condition); }); };
  std::set<schema::MailboxId> fitting;
  for (const auto& [id, mailbox] : all) {
    if (fits(mailbox)) fitting.insert(id);
  }
  std::vector<std::pair<std::vector<const MailboxRecord*>, const MailboxRecord*>> found;
  for (const schema::MailboxId id : fitting) {
    auto line = line_of(*all.at(id), all);
    const bool is_in = !filter_as_tree_ || std::all_of(line.begin(), line.end(), [&](const auto* each) { return fitting.contains(each->id); });
    if (is_in) found.emplace_back(std::move(line), all.at(id));
  }
  std::sort(found.begin(), found.end(), [&](const auto& a, const auto& b) {
    return sort_as_tree_ ? is_before_in_tree(a.first, b.first, sort_) : is_before(*a.second, *b.second, sort_);
  });
  std::vector<const MailboxRecord*> result;
  for (const auto& [line, mailbox] : found) result.push_back(mailbox);
  return result;
}

MethodResult query_mailboxes(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const QueryArguments asked, read_query(call.arguments));
  const auto read = MailboxQuery::read(call.arguments, asked.filter, asked.sort);
  if (const auto* const error = std::get_if<MethodError>(&read)) return *error;
  TELEPOST_ASSIGN(const store::MailboxTree tree, call.context.store.mailboxes().tree(account));
  const auto result = std::get<MailboxQuery>(read).run(tree.mailboxes);
  std::vector<std::string> ids;
  for (const MailboxRecord* mailbox : result) ids.push_back(to_id(mailbox->id));
  return answer_query(asked, ids, to_state(tree.modseq), store::kMaxMailboxes, to_id(account));
}

// RFC 8620 section 5.6: nobody knows the old result, so that all that may have moved is named: as gone from it, and where it is now.
MethodResult mailbox_query_changes(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const QueryChangesArguments asked, read_query_changes(call.arguments));
  const auto read = MailboxQuery::read(call.arguments, asked.filter, asked.sort);
  if (const auto* const error = std::get_if<MethodError>(&read)) return *error;
  const auto since = state_from(asked.since_query_state);
  if (!since) return MethodError{"cannotCalculateChanges", "that is no state of this server"};
  TELEPOST_ASSIGN(const store::MailboxChanges changes, call.context.store.mailboxes().changes(account, *since));
  const Records all = records_of(changes.tree.mailboxes);
  std::vector<std::string> removed, result;
  std::set<std::string> moved;
  for (const store::RemovedMailbox& gone : changes.removed) {
    if (gone.created <= *since) removed.push_back(to_id(gone.id));
  }
  for (const auto& [id, mailbox] : all) {
    if (!is_touched(*mailbox, all, *since)) continue;
    moved.insert(to_id(id));
    if (mailbox->created_modseq <= *since) removed.push_back(to_id(id));
  }
  for (const MailboxRecord* mailbox : std::get<MailboxQuery>(read).run(changes.tree.mailboxes)) result.push_back(to_id(mailbox->id));
  return answer_query_changes(asked, result, to_state(changes.tree.modseq), std::move(removed), moved, to_id(account));
}

}  // namespace telepost::adapters::jmap
