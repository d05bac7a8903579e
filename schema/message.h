// The message as its XML document tells it (schema/message.xsd): what transcoders/mime fills, schema/document writes and
// reads, and the store keeps. A document is immutable; what changes (keywords, placements, delivery state) is not here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/sha256.h"
#include "schema/ids.h"

namespace telepost::schema {

enum class Kind : std::uint8_t { email = 1, voice, fax, sms, mms, video, image, text };
std::string_view name_of(Kind kind);  // "email", "voice", …
Result<Kind> kind_from(std::string_view name);

// Bytes [offset, offset + size) of the source.
struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint64_t end() const { return offset + size; }
  bool operator==(const ByteRange&) const = default;
};

// One header field of the message's own header: name as it stands, value unfolded, RFC 2047 words decoded, UTF-8.
struct HeaderField {
  std::string name;
  std::string value;
  bool operator==(const HeaderField&) const = default;
};

// One node of the MIME part tree (RFC 2045, 2046). multipart/* and message/rfc822 have children.
struct Part {
  std::string id;           // IMAP section number: "1", "2.1" (RFC 9051 section 6.4.5.1); "" is a multipart root
  std::string type;         // "text/plain", lower case; the default of RFC 2045 section 5.2 where none or a bad one stands
  std::string charset;      // lower case, "" where none is given
  std::string disposition;  // "inline", "attachment", … lower case, "" where none is given
  std::string filename;     // RFC 2231 and 2047 decoded, UTF-8
  std::string encoding;     // Content-Transfer-Encoding, lower case; "7bit" by default
  std::string content_id;   // without angle brackets
  ByteRange header;         // from the part's first byte to behind the empty line
  ByteRange body;           // as it is encoded; the line end before a boundary belongs to the boundary (RFC 2046 5.1.1)
  std::uint32_t lines = 0;  // lines of the body
  std::optional<Digest> digest;  // SHA-256 of the body's bytes; leaves only
  std::vector<Part> children;
  bool operator==(const Part&) const = default;
};

// Who sent it and to whom, in the words of the transport. Addresses carry their scheme: "mailto:ann@example.test".
struct Envelope {
  std::string from;              // "" is the null reverse path
  std::vector<std::string> to;   // the address that this account's copy was for comes first
  bool operator==(const Envelope&) const = default;
};

// Where it came from.
struct Origin {
  std::string network;                   // "smtp", "lmtp", "cli", "sms", …
  std::string peer;                      // address of the peer, "" where it is local
  std::string peer_name;                 // HELO, EHLO or LHLO name
  std::string trace;                     // the trace id that logs and Received carry
  std::optional<std::string> identity;   // the service identity that the peer proved (DESIGN section 7)
  bool operator==(const Origin&) const = default;
};

// RFC 3801 (VPIM), RFC 3458, RFC 4239; the call's facts as the trunk told them.
struct VoiceFacts {
  std::optional<Duration> duration;
  std::string caller;           // "tel:+15550100", "sip:…"; "" where withheld
  std::string called;
  std::string redirected_from;
  std::string reason;           // "busy", "no-answer", "unreachable", "unconditional"
  std::string presentation;     // "allowed", "restricted"
  std::string codec;            // "audio/basic", "audio/32kadpcm", …
  std::string call_id;
  std::optional<Time> start;
  bool operator==(const VoiceFacts&) const = default;
};

// RFC 3949, RFC 2301, ITU-T T.30.
struct FaxFacts {
  std::optional<std::uint32_t> pages;
  std::string resolution;      // "204x196"
  std::string remote_id;       // CSID or TSI
  std::string caller;
  std::string called;
  std::string result;          // "complete", "partial: …"
  std::string call_id;
  bool operator==(const FaxFacts&) const = default;
};

// 3GPP TS 23.040.
struct SmsFacts {
  std::string coding;               // "gsm7", "ucs2", "binary", "latin1"
  std::optional<std::uint32_t> reference;
  std::uint32_t segments = 1;
  std::uint32_t segments_missing = 0;
  std::string caller;
  std::string called;
  bool operator==(const SmsFacts&) const = default;
};

struct VideoFacts {
  std::string codec;
  std::optional<std::uint32_t> width;
  std::optional<std::uint32_t> height;
  std::optional<Duration> duration;
  std::string caller;
  std::string called;
  bool operator==(const VideoFacts&) const = default;
};

using Facts = std::variant<std::monostate, VoiceFacts, FaxFacts, SmsFacts, VideoFacts>;  // email, text, image, mms: none

enum class Importance : std::uint8_t { normal, low, high };                             // RFC 2156, RFC 3458
enum class Sensitivity : std::uint8_t { none, personal, confidential, company };        // RFC 2156; "private" is none of ours
std::string_view name_of(Importance importance);
std::string_view name_of(Sensitivity sensitivity);
Result<Importance> importance_from(std::string_view name);    // what name_of gives; invalid otherwise
Result<Sensitivity> sensitivity_from(std::string_view name);

struct Document {
  MessageId id{};
  Kind kind = Kind::email;
  Time received{};
  std::uint64_t size_bytes = 0;        // of the whole source
  std::uint64_t trace_size_bytes = 0;  // of our trace block, which comes first; what arrived follows it
  Digest digest{};                     // of the part that arrived
  Envelope envelope;
  Origin origin;
  Importance importance = Importance::normal;
  Sensitivity sensitivity = Sensitivity::none;
  std::string subject;                 // decoded, UTF-8
  std::string preview;                 // up to 256 bytes of UTF-8, white space collapsed
  std::vector<HeaderField> fields;     // of the message's header, trace block included, bounded by the scanner
  Part root;
  Facts facts;
  std::vector<std::string> defects;    // what was malformed, in words, each once
  bool operator==(const Document&) const = default;
};

// What is learned later: a transcript, recognised text. Appended to the message, never changed.
struct Annotation {
  MessageId message{};
  Time created{};
  std::string type;      // "transcript", "recognised-text", …
  std::string language;  // BCP 47
  std::string source;    // what made it
  std::string text;
  bool operator==(const Annotation&) const = default;
};

}  // namespace telepost::schema
