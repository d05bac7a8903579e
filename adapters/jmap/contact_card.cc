#include "adapters/jmap/contact_card.h"

#include <algorithm>

#include "adapters/jmap/card_media.h"
#include "adapters/jmap/card_types.h"
#include "adapters/jmap/get_codec.h"
#include "adapters/jmap/set.h"

namespace telepost::adapters::jmap {
namespace {

constexpr std::size_t kMostCardsWeight = std::size_t{32} << 20;  // of one call's answer

bool is_card_property(std::string_view name) {
  const auto known = card_type().properties;
  const bool is_known = std::any_of(known.begin(), known.end(), [&](const CardProperty& property) { return property.name == name; });
  return is_known || name == "id" || name == "addressBookIds" || name == "@type" || name.find(':') != std::string_view::npos;
}

Json contacts_of_account(const Context&) { return {{"maxAddressBooksPerCard", store::kMostAddressBooks}, {"mayCreateAddressBook", true}}; }

}  // namespace

std::string card_id(std::uint64_t number) { return to_id('c', number); }
std::optional<std::uint64_t> card_from(std::string_view id) { return number_from('c', id); }

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
    get.keep_wanted(card);
    show_media_as_blobs(card, record.number);
    weight += weight_of(card, kMostCardsWeight);
    if (weight > kMostCardsWeight) return {Errc::too_large, "the cards are larger than 32 MiB together; ask for fewer"};
    response.list.push_back(std::move(card));
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
  const auto told = [](const store::Contacts& contacts, schema::Modseq since, std::uint64_t most) {
    return contacts.card_changes(since, static_cast<std::size_t>(most) + 1);
  };
  return contact_changes(call, {told, card_id});
}

void add_contacts(Methods& methods) {
  methods.offer({kContacts, no_members, contacts_of_account});
  methods.add(kContacts, {{"AddressBook/get", get_address_books},
                          {"AddressBook/changes", address_book_changes},
                          {"AddressBook/set", set_address_books},
                          {"ContactCard/get", get_cards},
                          {"ContactCard/changes", card_changes},
                          {"ContactCard/query", query_cards},
                          {"ContactCard/queryChanges", card_query_changes},
                          {"ContactCard/set", set_cards},
                          {"ContactCard/copy", refuse_copy}});
  for (const std::string_view type : {"AddressBook", "ContactCard"}) methods.add_modseq_type(type);
}

}  // namespace telepost::adapters::jmap
