// Any message: its text, HTML and names are made whatever it holds, text is text, names are safe and differ, the decoder gives
// the same in pieces as at once. The first byte chooses the size of the pieces.
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string_view>

#include "base/bytes.h"
#include "transcoders/mime/body.h"
#include "transcoders/mime/charset.h"
#include "transcoders/mime/decoder.h"
#include "transcoders/mime/describe.h"
#include "transcoders/mime/flowed.h"
#include "transcoders/mime/rendition.h"
#include "transcoders/mime/scanner.h"
#include "transcoders/mime/transfer.h"

namespace {

using namespace telepost;
using namespace telepost::transcoders::mime;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_names(const schema::Part& root) {
  std::set<std::string> names;
  for (const Attachment& each : attachments_of(root)) {
    require(!each.name.empty() && each.name.size() <= kMaxNameBytes && is_valid_utf8(each.name));
    require(each.name.find_first_of("/\\:*?\"<>|\r\n\t") == std::string::npos && each.name.front() != '.' && each.name.back() != '.');
    require(names.insert(to_lower(each.name)).second);
  }
}

void check_decoder(std::string_view text, std::size_t piece) {
  for (const std::string_view encoding : {"base64", "quoted-printable", "8bit"}) {
    Decoder decoder(encoding);
    std::string bytes;
    for (std::size_t at = 0; at < text.size(); at += piece) decoder.feed(text.substr(at, piece), bytes);
    decoder.finish(bytes);
    require(bytes == decode_transfer(text, encoding));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view message(reinterpret_cast<const char*>(data) + 1, size - 1);
  Structure structure = scan(message);
  const ReadRange read = [&](schema::ByteRange range) -> Result<std::string> {
    require(range.end() <= message.size());
    return std::string(message.substr(range.offset, range.size));
  };
  const Result<PlainText> text = plain_text(structure.root, read);
  require(text.ok() && is_valid_utf8(text->text) && text->text.size() <= kMaxTextBytes);
  const Result<SanitizedHtml> html = safe_html(structure.root, read);
  require(html.ok() && is_valid_utf8(html->html));
  check_names(structure.root);
  check_decoder(message, data[0] % 16 + 1u);
  require(is_valid_utf8(decode_text(message, "")));
  require(is_valid_utf8(unflow(decode_text(message, "utf-8"), {true, data[0] % 2 == 0})));
  schema::Document document;
  describe(std::move(structure), document);
  (void)fragment_of(document.fields);
  return 0;
}
