// ContactCard/set (RFC 9610 section 3.5).
#include <algorithm>
#include <map>
#include <set>

#include "adapters/jmap/blob.h"
#include "adapters/jmap/card_codec.h"
#include "adapters/jmap/card_media.h"
#include "adapters/jmap/contact_card.h"
#include "adapters/jmap/date_codec.h"
#include "adapters/jmap/set.h"
#include "base/bytes.h"
#include "base/random.h"

namespace telepost::adapters::jmap {
namespace {

constexpr std::string_view kImages[] = {"image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp", "image/tiff", "image/avif", "image/heic", "image/svg+xml"};

using CardBlobs = std::map<std::string, CardMedia>;  // by what a client calls them

// What a card, or a patch of one, names as the bytes of its media.
void add_named_blobs(const Json& object, std::set<std::string>& to) {
  const auto add = [&](const Json& blob) {
    if (blob.is_string()) to.insert(blob.get<std::string>());
  };
  const auto add_of = [&](const Json& one) {
    if (one.is_object() && one.contains("blobId")) add(one.at("blobId"));
  };
  for (const auto& [name, value] : object.items()) {
    if (name == "media" && value.is_object()) std::for_each(value.begin(), value.end(), add_of);
    if (!name.starts_with("media/")) continue;
    if (name.ends_with("/blobId")) add(value);
    add_of(value);
  }
}

// All that a call names, read before the account is locked: a message may have to be fetched from the archive. What is not there is
// left out; of what is larger than a card may be, a card's bytes.
Result<CardBlobs> read_blobs(const Call& call, schema::AccountId account, const SetArguments& set) {
  std::set<std::string> named;
  for (const auto& [id, card] : set.create) add_named_blobs(*card, named);
  for (const auto& [id, patch] : set.update) add_named_blobs(*patch, named);
  CardBlobs blobs;
  std::uint64_t bytes = 0;
  for (const std::string& name : named) {
    TELEPOST_ASSIGN(const auto found, find_blob(call, account, name, store::Purpose::subscriber));
    if (!found) continue;
    TELEPOST_ASSIGN(std::string content, bytes_of(*found->blob, {0, store::kMostCardBytes}));
    bytes += content.size();
    if (bytes > store::kMostContactBytes) return {Errc::too_large, "the media of all cards are larger than 64 MiB together"};
    blobs.emplace(name, CardMedia{found->blob->type(), std::move(content)});
  }
  return blobs;
}

class CardVerbs final : public SetVerbs {
 public:
  CardVerbs(const Call& call, const CardBlobs& blobs, store::ContactsWrite& write)
      : call_(call), blobs_(blobs), write_(write), now_(to_utc_date(std::chrono::floor<std::chrono::seconds>(call.context.store.now()))) {}

  SetOutcome create(const Json& object) override {
    if (const auto room = write_.make_room(); !room.ok()) return room.error();
    Json card = object;
    if (card.contains("id")) return wrong({"id"}, "the server sets it");
    Json besides = Json::object();
    const auto leave_to_us = [&](const char* name, std::string value) {
      if (!card.contains(name)) card[name] = besides[name] = std::move(value);
    };
    leave_to_us("@type", "Card");
    leave_to_us("version", "1.0");
    if (!card.contains("uid")) leave_to_us("uid", uid_of(SystemRandom().bytes(16)));
    leave_to_us("created", now_);
    leave_to_us("updated", now_);
    schema::CardRecord record;
    if (auto fault = read(std::move(card), record)) return *std::move(fault);
    const auto kept = write_.put_card(std::move(record));
    if (!kept.ok()) return outcome_of(kept.error());
    besides["id"] = card_id(kept->number);
    if (object.contains("media")) tell_media(object, *kept, besides);
    return besides;
  }

  SetOutcome update(const std::string& id, const Json& patch) override {
    if (const auto room = write_.make_room(); !room.ok()) return room.error();
    const auto before = write_.card(card_from(id).value_or(0));
    if (!before.ok()) return before.error();
    if (!*before) return SetError{"notFound"};
    const auto was = contact_card_of(**before);
    if (!was.ok()) return was.error();
    Json patched = *was;
    if (const auto applied = apply_patch(patched, patch, Json::object()); !applied.ok()) return SetError{"invalidPatch", applied.error().detail};
    if (patched == *was) return Json(nullptr);
    for (const char* fixed : {"id", "uid"}) {
      if (patched.value(fixed, Json()) != was->at(fixed)) return wrong({fixed}, "it cannot be changed");
    }
    patched.erase("id");
    const bool is_dated = patched.value("updated", Json()) != was->value("updated", Json());
    if (!is_dated) patched["updated"] = now_;
    schema::CardRecord record;
    if (auto fault = read(std::move(patched), record)) return *std::move(fault);
    record.number = (*before)->number;
    const auto kept = write_.put_card(std::move(record));
    if (!kept.ok()) return outcome_of(kept.error());
    Json besides = is_dated ? Json::object() : Json{{"updated", now_}};
    const bool has_media = std::any_of(patch.items().begin(), patch.items().end(), [](const auto& one) { return one.key().starts_with("media"); });
    if (has_media) tell_media(patch, *kept, besides);
    return besides.empty() ? Json(nullptr) : besides;
  }

  SetOutcome destroy(const std::string& id) override {
    if (const auto room = write_.make_room(); !room.ok()) return room.error();
    const Result<void> removed = write_.remove_card(card_from(id).value_or(0));
    return removed.ok() ? SetOutcome(Json(nullptr)) : outcome_of(removed.error());
  }

 private:
  static SetOutcome wrong(std::vector<std::string> properties, std::string why) {
    return SetError{"invalidProperties", std::move(why), std::move(properties)};
  }
  static SetOutcome outcome_of(const Error& error) {
    if (error.kind == Errc::exists) return wrong({"uid"}, error.detail);
    if (error.kind == Errc::invalid) return wrong({"addressBookIds"}, error.detail);
    if (auto why = set_error_of(error)) return *std::move(why);
    return error;
  }

  // All of a card but its number. Nothing: it is one.
  std::optional<SetOutcome> read(Json card, schema::CardRecord& into) {
    std::vector<std::uint32_t> books;
    if (!read_books(card.value("addressBookIds", Json()), books)) return wrong({"addressBookIds"}, "wants address books, each true");
    card.erase("addressBookIds");
    if (auto fault = take_media(card)) return fault;
    if (to_text(card).size() > store::kMostCardBytes) return SetError{"tooLarge", "a card has at most 256 KiB"};
    CardFaults faults = faults_of_card(card);
    if (!faults.properties.empty()) return wrong(std::move(faults.properties), std::move(faults.first));
    into = record_of_card(card);
    into.books = std::move(books);
    return std::nullopt;
  }

  bool read_books(const Json& value, std::vector<std::uint32_t>& into) const {
    if (!value.is_object() || value.empty()) return false;
    for (const auto& [id, is_in] : value.items()) {
      const auto book = address_book_from(call_.created_ids.resolve(id).value_or(""));
      if (!book || is_in != true || write_.book(*book) == nullptr) return false;
      into.push_back(*book);
    }
    return true;
  }

  // Media whose bytes are named by a blob hold them from now on.
  std::optional<SetOutcome> take_media(Json& card) {
    const auto media = card.find("media");
    if (media == card.end() || !media->is_object()) return std::nullopt;
    for (Json& one : *media) {
      const auto blob = one.is_object() ? one.find("blobId") : one.end();
      if (!one.is_object() || blob == one.end()) continue;
      const std::string id = blob->is_string() ? blob->get<std::string>() : "";
      const auto found = blobs_.find(id);
      if (found == blobs_.end()) return wrong({"media"}, "there is no blob '" + id.substr(0, 80) + "'");
      const CardMedia& held = found->second;
      if (held.bytes.size() >= store::kMostCardBytes) return SetError{"tooLarge", "a card has at most 256 KiB with its media"};
      const std::string said = one.contains("mediaType") && one["mediaType"].is_string() ? one["mediaType"].get<std::string>() : held.type;
      const bool is_image = std::find(std::begin(kImages), std::end(kImages), to_lower(said)) != std::end(kImages);
      if (one.value("kind", Json()) == "photo" && !is_image) return wrong({"media"}, "a photo is an image, and not " + said.substr(0, 80));
      if (said.find_first_of(",;") != std::string::npos) return wrong({"media"}, "mediaType wants a media type without parameters");
      one.erase("blobId");
      one["mediaType"] = said;
      one["uri"] = media_uri(said, held.bytes);
    }
    return std::nullopt;
  }

  // What the client gave as bytes or as a blob of its own has another id now.
  static void tell_media(const Json& said, const schema::CardRecord& kept, Json& besides) {
    auto card = card_of(kept);
    if (!card.ok() || !card->contains("media")) return;
    show_media_as_blobs(*card, kept.number);
    if ((*card)["media"] != said.value("media", Json())) besides["media"] = (*card)["media"];
  }

  const Call& call_;
  const CardBlobs& blobs_;
  store::ContactsWrite& write_;
  const std::string now_;
};

}  // namespace

MethodResult set_cards(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const SetArguments set, read_set(call.arguments, call.context.settings.max_objects_in_set));
  TELEPOST_TRY(call.arguments.done());
  TELEPOST_ASSIGN(const CardBlobs blobs, read_blobs(call, account, set));
  TELEPOST_ASSIGN(store::ContactsWrite write, store::ContactsWrite::begin(call.context.store, account));
  if (set.if_in_state && *set.if_in_state != to_state(write.before())) return MethodError{"stateMismatch"};
  CardVerbs verbs(call, blobs, write);
  SetResponse response;
  if (auto error = apply_set(set, verbs, call.created_ids, response)) return *std::move(error);
  if (auto error = finish(write, response)) return *std::move(error);
  return to_json(response, to_id(account));
}

}  // namespace telepost::adapters::jmap
