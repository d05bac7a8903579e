// Our own capability: contact cards in and out as vCards (schema/jmap.md), by the ids of blobs.
#include <algorithm>

#include "adapters/jmap/blob.h"
#include "adapters/jmap/card_codec.h"
#include "adapters/jmap/contact_card.h"
#include "adapters/jmap/date_codec.h"
#include "adapters/jmap/vcard_card.h"
#include "adapters/jmap/vcard_methods.h"
#include "base/random.h"

namespace telepost::adapters::jmap {
namespace {

constexpr std::size_t kMostImportedBytes = std::size_t{32} << 20;
constexpr std::size_t kMostImportedCards = 5'000;

Json vcard_capability(const Context&) { return {{"maxSizeImport", kMostImportedBytes}, {"maxCardsImport", kMostImportedCards}}; }

// What became of each card of the file, by its place.
struct Imported {
  Json created = Json::object(), updated = Json::object(), not_created = Json::object();
};

class VcardImport {
 public:
  VcardImport(Call& call, store::ContactsWrite& write, std::vector<std::uint32_t> books)
      : write_(write), books_(std::move(books)), now_(to_utc_date(std::chrono::floor<std::chrono::seconds>(call.context.store.now()))) {}

  Result<void> add(std::size_t place, const Result<Vcard>& vcard) {
    TELEPOST_TRY(write_.make_room());
    const std::string name = std::to_string(place);
    if (!vcard.ok()) return fail(name, SetError{vcard.error().kind == Errc::too_large ? "tooLarge" : "invalidProperties", vcard.error().detail});
    Json card = card_of_vcard(*vcard);
    if (!card.contains("uid")) card["uid"] = uid_of(SystemRandom().bytes(16));
    if (!card.contains("created")) card["created"] = now_;
    if (!card.contains("updated")) card["updated"] = now_;
    schema::CardRecord record = record_of_card(card);
    record.books = books_;
    TELEPOST_ASSIGN(const auto number, write_.card_by_uid(record.uid));
    if (number) {
      TELEPOST_ASSIGN(const auto before, write_.card(*number));
      if (!before) return {Errc::corrupt, "a uid without its card; run telepost verify"};
      record.number = *number;
      record.books.insert(record.books.end(), before->books.begin(), before->books.end());
    }
    const auto kept = write_.put_card(std::move(record));
    if (kept.ok()) {
      (number ? imported.updated : imported.created)[name] = {{"id", card_id(kept->number)}, {"uid", kept->uid}};
      return {};
    }
    const auto why = set_error_of(kept.error());
    return why ? fail(name, *why) : Result<void>(kept.error());
  }

  Imported imported;

 private:
  Result<void> fail(const std::string& name, const SetError& why) {
    imported.not_created[name] = to_json(why);
    return {};
  }

  store::ContactsWrite& write_;
  const std::vector<std::uint32_t> books_;
  const std::string now_;
};

Result<std::string> text_of_blob(Call& call, schema::AccountId account, const std::string& id) {
  TELEPOST_ASSIGN(const auto found, find_blob(call, account, id, store::Purpose::subscriber));
  if (!found) return {Errc::invalid, "there is no blob '" + id.substr(0, 80) + "'"};
  TELEPOST_ASSIGN(std::string text, bytes_of(*found->blob, {0, kMostImportedBytes + 1}));
  if (text.size() > kMostImportedBytes) return {Errc::too_large, "a file of vCards has at most 32 MiB"};
  return text;
}

// Looked at before the first card is kept: what is refused leaves nothing.
Result<void> check_count(std::string_view text) {
  VcardReader reader(text);
  for (std::size_t count = 0; !reader.is_done(); ++count) {
    if (count == kMostImportedCards) return {Errc::too_many, "a file has at most 5,000 vCards"};
    const std::size_t before = reader.bytes_left();
    (void)reader.next();
    if (reader.bytes_left() == before) break;
  }
  return {};
}

}  // namespace

MethodResult import_vcards(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const auto if_in_state, call.arguments.text_or_null("ifInState"));
  TELEPOST_ASSIGN(const auto blob, call.arguments.text_or_null("blobId"));
  TELEPOST_ASSIGN(const Json* const into, call.arguments.object_or_null("addressBookIds"));
  TELEPOST_TRY(call.arguments.done());
  if (!blob || into == nullptr) return MethodError{"invalidArguments", "blobId and addressBookIds are wanted"};
  TELEPOST_ASSIGN(const std::string text, text_of_blob(call, account, *blob));
  TELEPOST_TRY(check_count(text));
  TELEPOST_ASSIGN(store::ContactsWrite write, store::ContactsWrite::begin(call.context.store, account));
  if (if_in_state && *if_in_state != to_state(write.before())) return MethodError{"stateMismatch"};
  std::vector<std::uint32_t> books;
  for (const auto& [id, is_in] : into->items()) {
    const auto book = address_book_from(call.created_ids.resolve(id).value_or(""));
    if (!book || is_in != true || write.book(*book) == nullptr) return MethodError{"invalidArguments", "addressBookIds wants address books, each true"};
    books.push_back(*book);
  }
  if (books.empty()) return MethodError{"invalidArguments", "addressBookIds wants at least one address book"};
  VcardImport import(call, write, std::move(books));
  VcardReader reader(text);
  for (std::size_t place = 0; !reader.is_done(); ++place) {
    const std::size_t before = reader.bytes_left();
    const Result<void> added = import.add(place, reader.next());
    if (!added.ok()) return after_change(method_error_of(added.error()), write.has_committed());
    if (reader.bytes_left() == before) break;
  }
  SetResponse states;
  if (auto error = finish(write, states)) return *std::move(error);
  return Json{{"accountId", to_id(account)},
              {"oldState", states.old_state ? Json(*states.old_state) : Json(nullptr)},
              {"newState", states.new_state},
              {"created", std::move(import.imported.created)},
              {"updated", std::move(import.imported.updated)},
              {"notCreated", std::move(import.imported.not_created)}};
}

MethodResult export_vcards(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const auto ids, call.arguments.ids_or_null("ids", Arguments::References::taken));
  TELEPOST_TRY(call.arguments.done());
  if (ids && ids->size() > store::kMostCards) return MethodError{"requestTooLarge", "more cards than an account has"};
  TELEPOST_ASSIGN(const store::Contacts contacts, store::Contacts::open(call.context.store, account));
  TELEPOST_ASSIGN(const auto upload, call.context.store.uploads().begin(account));
  Json not_found = Json::array();
  const auto write = [&](const schema::CardRecord& record) -> Result<void> {
    TELEPOST_ASSIGN(const Json card, card_of(record));
    return upload->write(vcard_of_card(card));
  };
  Result<void> written;
  if (!ids) TELEPOST_TRY(contacts.for_each_card([&](const schema::CardRecord& record) { return (written = write(record)).ok(); }));
  TELEPOST_TRY(written);
  for (const std::string& id : ids.value_or(std::vector<std::string>())) {
    TELEPOST_ASSIGN(const auto record, contacts.card(card_from(call.created_ids.resolve(id).value_or("")).value_or(0)));
    if (record) TELEPOST_TRY(write(*record));
    else not_found.push_back(id);
  }
  TELEPOST_ASSIGN(const store::Upload done, upload->finish("text/vcard"));
  return Json{{"accountId", to_id(account)},
              {"state", to_state(contacts.modseq())},
              {"blobId", to_id(BlobId{BlobId::Of::upload, upload->id(), {}})},
              {"type", "text/vcard"},
              {"size", done.size_bytes},
              {"notFound", std::move(not_found)}};
}

void add_vcards(Methods& methods) {
  methods.offer({kVcard, no_members, vcard_capability});
  methods.add(kVcard, {{"ContactCard/import", import_vcards}, {"ContactCard/export", export_vcards}});
}

}  // namespace telepost::adapters::jmap
