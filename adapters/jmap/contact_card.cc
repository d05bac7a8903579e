#include "adapters/jmap/contact_card.h"

#include <algorithm>

#include "adapters/jmap/card_types.h"
#include "adapters/jmap/changes_codec.h"
#include "adapters/jmap/get_codec.h"
#include "base/bytes.h"
#include "base/sha256.h"

namespace telepost::adapters::jmap {
namespace {

constexpr std::size_t kMostCardsWeight = std::size_t{32} << 20;  // of one call's answer

bool is_card_property(std::string_view name) {
  const auto known = card_type().properties;
  const bool is_known = std::any_of(known.begin(), known.end(), [&](const CardProperty& property) { return property.name == name; });
  return is_known || name == "id" || name == "addressBookIds" || name == "@type" || name.find(':') != std::string_view::npos;
}

Json contacts_of_account(const Context&) { return {{"maxAddressBooksPerCard", store::kMostAddressBooks}, {"mayCreateAddressBook", true}}; }
Json contacts_of_session(const Context&) { return Json::object(); }

}  // namespace

Result<Json> card_of(const schema::CardRecord& record) {
  Result<Json> card = parse_i_json(record.text);
  if (!card.ok() || !card->is_object()) return {Errc::corrupt, "a card that is no JSON object"};
  return card;
}

Result<Json> contact_card_of(const schema::CardRecord& record) {
  TELEPOST_ASSIGN(Json card, card_of(record));
  card["id"] = card_id(record.number);
  Json& books = card["addressBookIds"] = Json::object();
  for (const std::uint32_t book : record.books) books[address_book_id(book)] = true;
  return card;
}

std::optional<CardMedia> media_in(std::string_view uri) {
  if (!starts_with_ignoring_case(uri, "data:")) return std::nullopt;
  const std::size_t comma = uri.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  std::string_view type = uri.substr(5, comma - 5);
  constexpr std::string_view kEncoded = ";base64";
  if (type.size() < kEncoded.size() || !equals_ignoring_case(type.substr(type.size() - kEncoded.size()), kEncoded)) return std::nullopt;
  type.remove_suffix(kEncoded.size());
  auto bytes = from_base64(uri.substr(comma + 1));
  if (!bytes.ok()) return std::nullopt;
  return CardMedia{std::string(type.substr(0, type.find(';'))), *std::move(bytes)};
}

std::string media_digest(std::string_view uri) { return to_hex(sha256(uri).view().substr(0, 8)); }

std::string media_uri(std::string_view type, std::string_view bytes) { return "data:" + std::string(type) + ";base64," + to_base64(bytes); }

void show_media_as_blobs(Json& card, std::uint64_t number) {
  const auto media = card.find("media");
  if (media == card.end() || !media->is_object()) return;
  for (Json& one : *media) {
    const auto uri = one.is_object() ? one.find("uri") : one.end();
    if (!one.is_object() || uri == one.end() || !uri->is_string()) continue;
    const auto& text = uri->get_ref<const std::string&>();
    const auto held = media_in(text);
    if (!held) continue;
    BlobId blob{BlobId::Of::card, number, {}, media_digest(text)};
    if (!one.contains("mediaType")) one["mediaType"] = held->type.empty() ? "application/octet-stream" : held->type;
    one["blobId"] = to_id(blob);
    one.erase("uri");
  }
}

MethodResult get_cards(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  const std::size_t most = call.context.settings.max_objects_in_get;
  TELEPOST_ASSIGN(const GetArguments get, read_get(call.arguments, is_card_property, most));
  TELEPOST_TRY(call.arguments.done());
  TELEPOST_ASSIGN(const store::Contacts contacts, store::Contacts::open(call.context.store, account));
  if (!get.ids && contacts.books().cards > most) return MethodError{"requestTooLarge", "more cards than maxObjectsInGet; name them"};
  GetResponse response{to_state(contacts.modseq())};
  std::size_t weight = 0;
  const auto tell = [&](const schema::CardRecord& record) -> Result<void> {
    TELEPOST_ASSIGN(Json card, contact_card_of(record));
    show_media_as_blobs(card, record.number);
    Json wanted = Json::object();
    for (auto& [name, value] : card.items()) {
      if (get.wants(name)) wanted[name] = std::move(value);
    }
    weight += weight_of(wanted, kMostCardsWeight);
    if (weight > kMostCardsWeight) return {Errc::too_large, "the cards are larger than 32 MiB together; ask for fewer"};
    response.list.push_back(std::move(wanted));
    return {};
  };
  Result<void> told;
  if (!get.ids) TELEPOST_TRY(contacts.for_each_card([&](const schema::CardRecord& record) { return (told = tell(record)).ok(); }));
  TELEPOST_TRY(told);
  for (const std::string& id : get.ids.value_or(std::vector<std::string>())) {
    TELEPOST_ASSIGN(const auto record, contacts.card(card_from(id).value_or(0)));
    if (record) TELEPOST_TRY(tell(*record));
    else response.not_found.push_back(id);
  }
  return to_json(std::move(response), to_id(account));
}

MethodResult card_changes(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const ChangesArguments asked, read_changes(call.arguments));
  TELEPOST_TRY(call.arguments.done());
  TELEPOST_ASSIGN(const store::Contacts contacts, store::Contacts::open(call.context.store, account));
  const auto since = known_state_from(asked.since_state);
  if (!since || since->at < contacts.floor() || since->at > contacts.modseq()) return MethodError{"cannotCalculateChanges", "too old, or no state of this server"};
  TELEPOST_ASSIGN(const store::ContactChanges told, contacts.card_changes(since->at, static_cast<std::size_t>(asked.max_changes) + 1));
  std::vector<ObjectChange> all;
  for (const store::ContactChange& one : told.changes) {
    all.push_back({one.at, card_id(one.number), one.created, one.is_gone ? ObjectChange::Kind::gone : ObjectChange::Kind::live});
  }
  TELEPOST_ASSIGN(const Changes changes, changes_between(*since, told.until, std::move(all), asked.max_changes));
  return to_json(changes, to_id(account));
}

void add_contacts(Methods& methods) {
  methods.offer({kContacts, contacts_of_session, contacts_of_account});
  methods.add("AddressBook/get", kContacts, get_address_books);
  methods.add("AddressBook/changes", kContacts, address_book_changes);
  methods.add("AddressBook/set", kContacts, set_address_books);
  methods.add("ContactCard/get", kContacts, get_cards);
  methods.add("ContactCard/changes", kContacts, card_changes);
  methods.add("ContactCard/query", kContacts, query_cards);
  methods.add("ContactCard/queryChanges", kContacts, card_query_changes);
  methods.add("ContactCard/set", kContacts, set_cards);
  methods.add("ContactCard/copy", kContacts, copy_cards);
  for (const std::string_view type : {"AddressBook", "ContactCard"}) methods.add_modseq_type(type);
}

}  // namespace telepost::adapters::jmap
