#include "adapters/jmap/card_media.h"

#include <algorithm>

#include "adapters/jmap/contact_card.h"

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
