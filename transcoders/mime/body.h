// Which parts of a message are its body and which are attachments, and what the attachments are called: decided once, the
// same for JMAP, IMAP clients' lists, the portal and an SMS reply.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/message.h"

namespace telepost::transcoders::mime {

// RFC 8621 section 4.1.4: textBody, htmlBody and attachments, in order. The parts are those of root, which outlives this.
struct BodyStructure {
  std::vector<const schema::Part*> text;
  std::vector<const schema::Part*> html;
  std::vector<const schema::Part*> attachments;
  // hasAttachment: one that is not inline, other than the signature of a multipart/signed (RFC 1847).
  bool has_attachment = false;
};
BodyStructure body_structure(const schema::Part& root);

// An attachment, or a picture, sound or film that stands between the texts, with a name under which any system can keep it.
struct Attachment {
  const schema::Part* part = nullptr;
  std::string name;
  bool in_body = false;
};
// In the order of the parts; no two names are equal but for case. At most 1,000, as parts are.
std::vector<Attachment> attachments_of(const schema::Part& root);

inline constexpr std::size_t kMaxNameBytes = 120;

// filename as the name of a file: the last step of a path, without controls, bidirectional overrides, invisible characters
// and what systems give a meaning (RFC 2183 section 5); not empty, not hidden, no device's name; cut before its extension;
// with the extension of the type where it has none. type: "image/png".
std::string safe_name(std::string_view filename, std::string_view type);

// A fragment of a larger message (message/partial, RFC 2046 section 5.2.2). Fragments are stored as they come, each its
// own message; a reader that has all of one id joins them by the rule of section 5.2.2.1 from what the documents say.
struct Fragment {
  std::string id;
  unsigned number = 0;  // from 1
  unsigned total = 0;   // 0 where this fragment does not say
  bool operator==(const Fragment&) const = default;
};
// fields: Document::fields. Nothing: no fragment, or one that says neither id nor number.
std::optional<Fragment> fragment_of(const std::vector<schema::HeaderField>& fields);

}  // namespace telepost::transcoders::mime
