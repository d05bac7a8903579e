#include "adapters/smtp/sender/rewriting.h"

#include <algorithm>
#include <vector>

#include "adapters/net/smtp_content_codec.h"
#include "base/bytes.h"
#include "transcoders/mime/scanner.h"
#include "transcoders/mime/transfer.h"

namespace telepost::adapters::smtp::sender {
namespace {

namespace mime = transcoders::mime;
using schema::Part;

constexpr std::string_view kEncodingField = "Content-Transfer-Encoding:";

bool travels(std::string_view bytes) {
  const net::ContentTraits traits = net::survey(bytes);
  return !traits.eight_bit && !traits.binary();
}

bool is_identity(const Part& part) { return part.encoding == "7bit" || part.encoding == "8bit" || part.encoding == "binary"; }

// A field of a header, folded lines included, wherever it stands; empty when it is not there.
std::string_view field_of(std::string_view header, std::string_view name) {
  for (std::size_t at = 0; at < header.size();) {
    std::size_t end = at;
    do {
      const std::size_t line = header.find("\r\n", end);
      end = line == std::string_view::npos ? header.size() : line + 2;
    } while (end < header.size() && (header[end] == ' ' || header[end] == '\t'));
    if (starts_with_ignoring_case(header.substr(at), name)) return header.substr(at, end - at);
    at = end;
  }
  return {};
}

class Rewriting {
 public:
  explicit Rewriting(std::string_view message) : message_(message) {}

  Result<std::string> run() {
    const mime::Structure structure = mime::scan(message_);
    TELEPOST_TRY(visit(structure.root, false));
    const auto is_version = [](const mime::RawField& field) { return equals_ignoring_case(field.name, "MIME-Version"); };
    // RFC 1428: what old software sent bare gets the header that says what it is now.
    if (!edits_.empty() && std::none_of(structure.header.begin(), structure.header.end(), is_version)) {
      const std::size_t last = end_of_fields(structure.root);
      edits_.push_back({last, last, "MIME-Version: 1.0\r\n"});
    }
    std::stable_sort(edits_.begin(), edits_.end(), [](const Edit& a, const Edit& b) { return a.begin < b.begin; });
    std::string out;
    std::size_t at = 0;
    for (const Edit& edit : edits_) {
      out.append(message_.substr(at, edit.begin - at)).append(edit.text);
      at = edit.end;
    }
    out.append(message_.substr(at));
    if (!travels(out)) return {Errc::unsupported, "a header, or what stands between the parts, is not plain ASCII"};
    return out;
  }

 private:
  struct Edit {
    std::size_t begin, end;
    std::string text;
  };

  std::string_view bytes(const schema::ByteRange& range) const { return message_.substr(range.offset, range.size); }

  // Before the empty line, which stands where a body does.
  std::size_t end_of_fields(const Part& part) const {
    return part.header.end() - (bytes(part.header).ends_with("\r\n") ? 2 : 0);
  }

  Result<void> visit(const Part& part, bool is_signed) {
    if (travels(bytes(part.body))) return {};
    // RFC 1847 section 2.1: what is signed may not be changed on its way.
    if (is_signed) return {Errc::unsupported, "a signed part would have to be changed"};
    if (!is_identity(part)) return {Errc::unsupported, "a part is not encoded as it says"};
    if (!part.children.empty()) {
      for (const Part& child : part.children) TELEPOST_TRY(visit(child, part.type == "multipart/signed"));
      if (part.encoding != "7bit") name_encoding(part, "7bit");
      return {};
    }
    if (part.type.starts_with("multipart/") || part.type.starts_with("message/")) {
      return {Errc::unsupported, "a container that cannot be looked into"};  // RFC 2045 section 6.4: it may not be encoded
    }
    const net::ContentTraits traits = net::survey(bytes(part.body));
    const bool as_text = part.type.starts_with("text/") && !traits.nul && !traits.bare_line_end;
    edits_.push_back({part.body.offset, part.body.end(), as_text ? mime::encode_quoted_printable(bytes(part.body))
                                                              : mime::encode_base64_lines(bytes(part.body))});
    name_encoding(part, as_text ? "quoted-printable" : "base64");
    return {};
  }

  void name_encoding(const Part& part, std::string_view encoding) {
    const std::string_view header = bytes(part.header);
    const std::string field = std::string(kEncodingField) + " " + std::string(encoding) + "\r\n";
    const std::string_view old = field_of(header, kEncodingField);
    // Behind what stands there: what comes first is the trace (RFC 5321 section 4.4).
    const std::size_t last = end_of_fields(part);
    const std::size_t at = old.empty() ? last : static_cast<std::size_t>(old.data() - message_.data());
    edits_.push_back({at, at + old.size(), field});
    const bool undeclared = part.children.empty() && field_of(header, "Content-Type:").empty();
    if (undeclared) edits_.push_back({last, last, "Content-Type: text/plain; charset=unknown-8bit\r\n"});
  }

  const std::string_view message_;
  std::vector<Edit> edits_;
};

}  // namespace

Result<std::string> rewrite_for_old_peer(std::string_view message) { return Rewriting(message).run(); }

}  // namespace telepost::adapters::smtp::sender
