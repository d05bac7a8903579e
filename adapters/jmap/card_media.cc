#include "adapters/jmap/card_media.h"

#include <algorithm>

#include "adapters/jmap/contact_card.h"
#include "base/bytes.h"
#include "base/sha256.h"

namespace telepost::adapters::jmap {
namespace {

class CardMediaBlob final : public Blob {
 public:
  explicit CardMediaBlob(CardMedia media) : media_(std::move(media)) {}
  std::string type() const override { return media_.type.empty() ? "application/octet-stream" : media_.type; }
  Result<std::uint64_t> size() override { return std::uint64_t{media_.bytes.size()}; }
  Result<void> read(schema::ByteRange range, const Sink& sink) override {
    const std::uint64_t offset = std::min<std::uint64_t>(range.offset, media_.bytes.size());
    const std::string_view piece = std::string_view(media_.bytes).substr(offset, range.size);
    if (!piece.empty()) (void)sink(piece);
    return {};
  }

 private:
  const CardMedia media_;
};

}  // namespace

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

Result<std::unique_ptr<Blob>> open_card_media(store::Store& store, schema::AccountId account, const BlobId& id) {
  const Error missing{Errc::not_found, "the card holds no such media"};
  TELEPOST_ASSIGN(const store::Contacts contacts, store::Contacts::open(store, account));
  TELEPOST_ASSIGN(const auto record, contacts.card(id.number));
  if (!record) return missing;
  TELEPOST_ASSIGN(const Json card, card_of(*record));
  const auto media = card.find("media");
  if (media == card.end()) return missing;
  for (const Json& one : *media) {
    const auto uri = one.find("uri");
    if (uri == one.end() || !uri->is_string() || media_digest(uri->get_ref<const std::string&>()) != id.digest) continue;
    auto held = media_in(uri->get_ref<const std::string&>());
    if (!held) continue;
    if (const auto type = one.find("mediaType"); type != one.end() && type->is_string()) held->type = type->get<std::string>();
    return std::unique_ptr<Blob>(std::make_unique<CardMediaBlob>(*std::move(held)));
  }
  return missing;
}

}  // namespace telepost::adapters::jmap
