#include "adapters/jmap/rendition.h"

#include <algorithm>
#include <string>
#include <utility>

#include "transcoders/mime/rendition.h"

namespace telepost::adapters::jmap {
namespace mime = transcoders::mime;

namespace {

bool is_message(std::string_view type) { return type == "message/rfc822" || type == "message/global"; }

class TextBlob final : public Blob {
 public:
  explicit TextBlob(std::string text) : text_(std::move(text)) {}
  std::string type() const override { return "text/plain"; }
  std::string charset() const override { return "utf-8"; }
  Result<std::uint64_t> size() override { return text_.size(); }
  Result<void> read(schema::ByteRange range, const Sink& sink) override {
    const std::uint64_t offset = std::min<std::uint64_t>(range.offset, text_.size());
    const std::string_view piece = std::string_view(text_).substr(offset, range.size);
    if (!piece.empty()) (void)sink(piece);
    return {};
  }

 private:
  const std::string text_;
};

// The blob as a part without transfer encoding, in a message that is nothing else.
Result<mime::PlainText> text_of_html(Blob& blob, const mime::ReadRange& read) {
  TELEPOST_ASSIGN(const std::uint64_t size, blob.size());
  schema::Part part;
  part.type = blob.type();
  part.charset = blob.charset();
  part.encoding = "binary";
  part.body = {0, size};
  return mime::text_of_part(part, read);
}

Result<mime::PlainText> text_of_message(Blob& blob, const mime::ReadRange& read) {
  TELEPOST_ASSIGN(const schema::Part* const root, blob.structure());
  return mime::plain_text(*root, read);
}

}  // namespace

std::string_view rendition_of(std::string_view type) { return type == "text/html" || is_message(type) ? "text/plain" : ""; }

Result<std::unique_ptr<Blob>> render(Blob& blob) {
  const mime::ReadRange read = [&blob](schema::ByteRange range) { return bytes_of(blob, range); };
  TELEPOST_ASSIGN(mime::PlainText made, is_message(blob.type()) ? text_of_message(blob, read) : text_of_html(blob, read));
  if (made.truncated) return {Errc::too_large, "its text is longer than a rendition may be"};
  return std::unique_ptr<Blob>(std::make_unique<TextBlob>(std::move(made.text)));
}

}  // namespace telepost::adapters::jmap
