#include "adapters/jmap/address_book.h"

#include "adapters/jmap/changes_codec.h"
#include "adapters/jmap/get_codec.h"
#include "adapters/jmap/set.h"

namespace telepost::adapters::jmap {
namespace {

constexpr std::int64_t kBookOrderEnd = std::int64_t{1} << 31;  // RFC 9610 section 2

const Names& book_properties() {
  static const Names names = {"id", "name", "description", "sortOrder", "isDefault", "isSubscribed", "shareWith", "myRights"};
  return names;
}

const Json& book_defaults() {
  static const Json defaults = {{"description", nullptr}, {"sortOrder", 0}, {"isSubscribed", true}, {"shareWith", nullptr}};
  return defaults;
}

Json book_json(const schema::AddressBookRecord& book, bool is_default) {
  return {{"id", address_book_id(book.number)},
          {"name", book.name},
          {"description", book.description.empty() ? Json(nullptr) : Json(book.description)},
          {"sortOrder", book.sort_order},
          {"isDefault", is_default},
          {"isSubscribed", book.subscribed},
          {"shareWith", nullptr},
          {"myRights", {{"mayRead", true}, {"mayWrite", true}, {"mayShare", false}, {"mayDelete", !is_default}}}};
}

// Every settable property that is there; gives the names of those that are wrong.
std::vector<std::string> read_book(const Json& object, schema::AddressBookRecord& into) {
  std::vector<std::string> wrong;
  for (const auto& [name, value] : object.items()) {
    const auto order = name == "sortOrder" ? integer_in(value) : std::nullopt;
    const bool is_name = value.is_string() && !value.get_ref<const std::string&>().empty() && value.get_ref<const std::string&>().size() <= store::kMostBookNameBytes;
    const bool is_description = value.is_null() || (value.is_string() && value.get_ref<const std::string&>().size() <= store::kMostBookDescriptionBytes);
    if (name == "name" && is_name) into.name = value.get<std::string>();
    else if (name == "description" && is_description) into.description = value.is_null() ? "" : value.get<std::string>();
    else if (order && *order >= 0 && *order < kBookOrderEnd) into.sort_order = static_cast<std::uint32_t>(*order);
    else if (name == "isSubscribed" && value.is_boolean()) into.subscribed = value.get<bool>();
    else if (name != "shareWith" || !value.is_null()) wrong.push_back(name);
  }
  return wrong;
}

SetOutcome book_outcome(const Error& error) {
  if (auto why = set_error_of(error)) return *std::move(why);
  return error;
}

class AddressBookVerbs final : public SetVerbs {
 public:
  AddressBookVerbs(store::ContactsWrite& write, store::ContactsWrite::Cards cards) : write_(write), cards_(cards) {}

  SetOutcome create(const Json& object) override {
    schema::AddressBookRecord book;
    std::vector<std::string> wrong = read_book(object, book);
    if (!object.contains("name")) wrong.emplace_back("name");
    if (!wrong.empty()) return SetError{"invalidProperties", {}, std::move(wrong)};
    if (const auto room = write_.make_room(); !room.ok()) return room.error();
    const auto made = write_.put_book(std::move(book));
    if (!made.ok()) return book_outcome(made.error());
    Json besides = book_json(*made, false);
    for (const auto& [name, value] : object.items()) besides.erase(name);
    return besides;
  }

  SetOutcome update(const std::string& id, const Json& patch) override {
    if (const auto room = write_.make_room(); !room.ok()) return room.error();
    const schema::AddressBookRecord* const before = write_.book(address_book_from(id).value_or(0));
    if (before == nullptr) return SetError{"notFound"};
    const Json was = book_json(*before, before->number == write_.books().default_book);
    Json patched = was;
    if (const auto applied = apply_patch(patched, patch, book_defaults()); !applied.ok()) return SetError{"invalidPatch", applied.error().detail};
    Json changed = Json::object();
    std::vector<std::string> wrong;
    for (const auto& [name, value] : patched.items()) {
      if (!was.contains(name) || was.at(name) != value) changed[name] = value;
    }
    for (const auto& [name, value] : was.items()) {
      if (!patched.contains(name)) wrong.push_back(name);
    }
    if (changed.contains("shareWith")) return SetError{"forbidden", "nothing is shared with others here"};
    schema::AddressBookRecord book = *before;
    for (std::string& name : read_book(changed, book)) wrong.push_back(std::move(name));
    if (!wrong.empty()) return SetError{"invalidProperties", {}, std::move(wrong)};
    const auto kept = changed.empty() ? Result<schema::AddressBookRecord>(book) : write_.put_book(book);
    return kept.ok() ? SetOutcome(Json(nullptr)) : book_outcome(kept.error());
  }

  SetOutcome destroy(const std::string& id) override {
    if (const auto room = write_.make_room(); !room.ok()) return room.error();
    const std::uint32_t number = address_book_from(id).value_or(0);
    const schema::AddressBookRecord* const book = write_.book(number);
    const bool is_default = number == write_.books().default_book;
    if (book != nullptr && !is_default && book->cards != 0 && cards_ == store::ContactsWrite::Cards::stay) return SetError{"addressBookHasContents"};
    const Result<void> removed = write_.remove_book(number, cards_);
    return removed.ok() ? SetOutcome(Json(nullptr)) : book_outcome(removed.error());
  }

 private:
  store::ContactsWrite& write_;
  const store::ContactsWrite::Cards cards_;
};

// Section 2.3: what cannot be done is not told of.
Result<void> set_default(store::ContactsWrite& write, std::uint32_t wanted, SetResponse& response) {
  TELEPOST_TRY(write.make_room());
  const std::uint32_t before = write.books().default_book;
  if (write.book(wanted) == nullptr || wanted == before) return {};
  TELEPOST_TRY(write.set_default(wanted));
  const auto tell = [&](std::uint32_t number, bool is_default) {
    const Json book = book_json(*write.book(number), is_default);
    const auto put_into = [&](Json& object) {
      for (const char* const changed : {"isDefault", "myRights"}) object[changed] = book.at(changed);
    };
    const std::string id = address_book_id(number);
    for (auto& [name, object] : response.created) {
      if (object.at("id") == id) return put_into(object);
    }
    put_into(response.updated[id]);
  };
  tell(before, false);
  tell(wanted, true);
  return {};
}

}  // namespace

std::string address_book_id(std::uint32_t number) { return to_id('b', number); }

std::optional<std::uint32_t> address_book_from(std::string_view id) {
  const auto number = number_from('b', id);
  return number && *number <= UINT32_MAX ? std::optional(static_cast<std::uint32_t>(*number)) : std::nullopt;
}

std::optional<MethodError> finish(store::ContactsWrite& write, SetResponse& response) {
  const Result<store::Step> step = write.finish();
  if (!step.ok()) return after_change(method_error_of(step.error()), write.has_committed());
  response.new_state = to_state(step->after);
  if (step->is_whole) response.old_state = to_state(step->before);
  return std::nullopt;
}

MethodResult get_address_books(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const GetArguments get, read_get(call.arguments, book_properties(), call.context.settings.max_objects_in_get));
  TELEPOST_TRY(call.arguments.done());
  TELEPOST_ASSIGN(const store::Contacts contacts, store::Contacts::open(call.context.store, account));
  const auto find = [&](const std::string& id) { return contacts.book(address_book_from(id).value_or(0)); };
  const auto json_of = [&](const schema::AddressBookRecord& book) { return book_json(book, book.number == contacts.books().default_book); };
  return to_json(answer_get(get, to_state(contacts.modseq()), contacts.books().books, find, json_of), to_id(account));
}

MethodResult contact_changes(Call& call, const ContactLog& log) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const ChangesArguments asked, read_changes(call.arguments));
  TELEPOST_TRY(call.arguments.done());
  TELEPOST_ASSIGN(const store::Contacts contacts, store::Contacts::open(call.context.store, account));
  TELEPOST_ASSIGN(const KnownState since, known_state_within(asked.since_state, contacts.floor(), contacts.modseq()));
  TELEPOST_ASSIGN(const store::ContactChanges told, log.told(contacts, since.at, asked.max_changes));
  std::vector<ObjectChange> all;
  for (const store::ContactChange& one : told.changes) {
    all.push_back({one.at, log.id_of(one.number), one.created, one.is_gone ? ObjectChange::Kind::gone : ObjectChange::Kind::live});
  }
  TELEPOST_ASSIGN(const Changes changes, changes_between(since, told.until, std::move(all), asked.max_changes));
  return to_json(changes, to_id(account));
}

MethodResult address_book_changes(Call& call) {
  const auto told = [](const store::Contacts& contacts, schema::Modseq since, std::uint64_t) { return contacts.book_changes(since); };
  return contact_changes(call, {told, [](std::uint64_t number) { return address_book_id(static_cast<std::uint32_t>(number)); }});
}

MethodResult set_address_books(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const SetArguments set, read_set(call.arguments, call.context.settings.max_objects_in_set));
  TELEPOST_ASSIGN(const bool removes, call.arguments.boolean_or("onDestroyRemoveContents", false));
  TELEPOST_ASSIGN(const auto next_default, call.arguments.text_or_null("onSuccessSetIsDefault"));
  TELEPOST_TRY(call.arguments.done());
  TELEPOST_ASSIGN(store::ContactsWrite write, store::ContactsWrite::begin(call.context.store, account));
  if (set.if_in_state && *set.if_in_state != to_state(write.before())) return MethodError{"stateMismatch"};
  AddressBookVerbs verbs(write, removes ? store::ContactsWrite::Cards::go : store::ContactsWrite::Cards::stay);
  SetResponse response;
  if (auto error = apply_set(set, verbs, call.created_ids, response)) return *std::move(error);
  const bool is_success = response.not_created.empty() && response.not_updated.empty() && response.not_destroyed.empty();
  if (next_default && is_success) {
    const std::uint32_t book = address_book_from(call.created_ids.resolve(*next_default).value_or("")).value_or(0);
    const Result<void> set_it = set_default(write, book, response);
    if (!set_it.ok()) return after_change(method_error_of(set_it.error()), write.has_committed());
  }
  if (auto error = finish(write, response)) return *std::move(error);
  return to_json(response, to_id(account));
}

}  // namespace telepost::adapters::jmap
