#include "adapters/jmap/blob.h"

#include <algorithm>

#include "adapters/jmap/call.h"
#include "adapters/jmap/card_media.h"
#include "schema/document.h"
#include "transcoders/mime/body_value.h"
#include "transcoders/mime/decoder.h"
#include "transcoders/mime/scanner.h"

namespace telepost::adapters::jmap {
namespace mime = transcoders::mime;

namespace {

class SourceBlob final : public Blob {
 public:
  SourceBlob(store::Store& store, schema::MessageId id, std::uint64_t size, store::Purpose purpose) : store_(store), id_(id), size_(size), purpose_(purpose) {}
  std::string type() const override { return "message/rfc822"; }
  Result<std::uint64_t> size() override { return size_; }
  Result<void> read(schema::ByteRange range, const Sink& sink) override {
    return store_.reader().source(id_, range.offset, range.size, {purpose_}, sink);
  }
  Result<const schema::Part*> structure() override {
    if (!structure_) {
      TELEPOST_ASSIGN(const std::string xml, store_.reader().document(id_));
      TELEPOST_ASSIGN(schema::Document document, schema::read_document(xml));
      structure_ = std::move(document.root);
    }
    return &*structure_;
  }

 private:
  store::Store& store_;
  const schema::MessageId id_;
  const std::uint64_t size_;
  const store::Purpose purpose_;
};

// A part of a message, its transfer encoding undone. Who reads on where the last reading ended pays nothing for what lies before.
class PartBlob final : public Blob {
 public:
  PartBlob(std::unique_ptr<Blob> message, schema::Part part) : message_(std::move(message)), part_(std::move(part)), decoder_(part_.encoding) {}
  std::string type() const override { return part_.type; }
  std::string charset() const override { return part_.charset; }
  std::string name() const override { return part_.filename; }
  Result<std::uint64_t> size() override {
    if (!size_) {
      TELEPOST_ASSIGN(size_, mime::decoded_size(part_, [this](schema::ByteRange range) { return bytes_of(*message_, range); }));
    }
    return *size_;
  }
  Result<void> read(schema::ByteRange range, const Sink& sink) override {
    if (part_.encoding != "base64" && part_.encoding != "quoted-printable") {
      const std::uint64_t offset = std::min(range.offset, part_.body.size);
      return message_->read({part_.body.offset + offset, std::min(range.size, part_.body.size - offset)}, sink);
    }
    if (range.offset < at_) restart();
    std::uint64_t left = range.size;
    while (left > 0) {
      if (at_ + decoded_.size() <= range.offset || decoded_.empty()) {
        TELEPOST_ASSIGN(const bool more, decode_more());
        if (!more) return {};
        continue;
      }
      const std::string_view piece = std::string_view(decoded_).substr(range.offset - at_, left);
      range.offset += piece.size();
      left -= piece.size();
      if (!sink(piece)) return {};
    }
    return {};
  }

 private:
  void restart() {
    decoder_ = mime::Decoder(part_.encoding);
    encoded_ = at_ = 0;
    decoded_.clear();
    ended_ = false;
  }
  // The next stretch instead of the one that is held. False: there is none.
  Result<bool> decode_more() {
    if (ended_) return false;
    at_ += decoded_.size();
    decoded_.clear();
    const std::uint64_t size = std::min(kStretch, part_.body.size - encoded_);
    if (size > 0) {
      TELEPOST_ASSIGN(const std::string bytes, bytes_of(*message_, {part_.body.offset + encoded_, size}));
      if (bytes.size() < size) return {Errc::corrupt, "a part lies beyond its message"};
      decoder_.feed(bytes, decoded_);
    } else {
      decoder_.finish(decoded_);
      ended_ = true;
    }
    encoded_ += size;
    return true;
  }

  static constexpr std::uint64_t kStretch = 1u << 20;  // as the store cuts parts
  const std::unique_ptr<Blob> message_;
  const schema::Part part_;
  mime::Decoder decoder_;
  std::uint64_t encoded_ = 0;  // that was decoded, of the body
  std::uint64_t at_ = 0;       // where decoded_ begins
  std::string decoded_;
  bool ended_ = false;
  std::optional<std::uint64_t> size_;
};

class UploadBlob final : public Blob {
 public:
  UploadBlob(store::Store& store, schema::AccountId account, std::uint64_t id, store::Upload upload)
      : store_(store), account_(account), id_(id), upload_(std::move(upload)) {}
  std::string type() const override { return upload_.type; }
  Result<std::uint64_t> size() override { return upload_.size_bytes; }
  Result<void> read(schema::ByteRange range, const Sink& sink) override { return store_.uploads().read(account_, id_, range, sink); }

 private:
  store::Store& store_;
  const schema::AccountId account_;
  const std::uint64_t id_;
  const store::Upload upload_;
};

const schema::Part* find_part(const schema::Part& part, const std::string& id) {
  if (part.id == id && !part.type.starts_with("multipart/")) return &part;
  for (const schema::Part& child : part.children) {
    if (const schema::Part* const found = find_part(child, id)) return found;
  }
  return nullptr;
}

Result<std::unique_ptr<Blob>> open_root(store::Store& store, schema::AccountId account, const BlobId& id, store::Purpose purpose) {
  if (id.of == BlobId::Of::upload) {
    TELEPOST_ASSIGN(store::Upload upload, store.uploads().find(account, id.number));
    return std::unique_ptr<Blob>(std::make_unique<UploadBlob>(store, account, id.number, std::move(upload)));
  }
  if (id.of == BlobId::Of::card) return open_card_media(store, account, id);
  const schema::MessageId message{account, {id.number}};
  TELEPOST_ASSIGN(const schema::MessageRecord record, store.reader().find(message));
  return std::unique_ptr<Blob>(std::make_unique<SourceBlob>(store, message, record.size_bytes, purpose));
}

}  // namespace

Result<const schema::Part*> Blob::structure() {
  if (!structure_) {
    mime::Scanner scanner;
    TELEPOST_TRY(read({0, kWholeBlob}, [&](std::string_view bytes) {
      scanner.feed(bytes);
      (void)scanner.take_stretches();
      return true;
    }));
    structure_ = scanner.finish().root;
  }
  return &*structure_;
}

bool opens(schema::Scopes scopes, const BlobId& blob) {
  using schema::Scope;
  switch (blob.of) {
    case BlobId::Of::message: return scopes.contains(Scope::mail);
    case BlobId::Of::card: return scopes.contains(Scope::contacts);
    case BlobId::Of::upload: break;
  }
  return scopes.contains(Scope::mail) || scopes.contains(Scope::contacts);
}

Result<std::unique_ptr<Blob>> open_blob(store::Store& store, schema::AccountId account, const BlobId& id, store::Purpose purpose) {
  TELEPOST_ASSIGN(std::unique_ptr<Blob> blob, open_root(store, account, id, purpose));
  for (const std::string& part : id.parts) {
    TELEPOST_ASSIGN(const schema::Part* const root, blob->structure());
    const schema::Part* const found = find_part(*root, part);
    if (found == nullptr) return {Errc::not_found, "no such part"};
    schema::Part leaf = *found;
    leaf.children.clear();
    blob = std::make_unique<PartBlob>(std::move(blob), std::move(leaf));
  }
  return blob;
}

Result<std::optional<NamedBlob>> find_blob(const Call& call, schema::AccountId account, const std::string& name, store::Purpose purpose) {
  const auto id = blob_from(call.created_ids.resolve(name).value_or(""));
  if (!id || !opens(call.login.scopes, *id)) return std::optional<NamedBlob>();
  auto blob = open_blob(call.context.store, account, *id, purpose);
  if (!blob.ok() && blob.error().kind == Errc::not_found) return std::optional<NamedBlob>();
  TELEPOST_TRY(blob);
  return std::optional(NamedBlob{*id, *std::move(blob)});
}

Result<std::string> bytes_of(Blob& blob, schema::ByteRange range) {
  std::string bytes;
  TELEPOST_TRY(blob.read(range, [&](std::string_view piece) {
    bytes += piece;
    return true;
  }));
  return bytes;
}

}  // namespace telepost::adapters::jmap
