// Messages that we make: what arrives as a call, a fax or a text becomes mail here, once, and what users write
// leaves through it.
//
// Deterministic: the same input gives the same bytes (boundaries and Message-ID come from a hash of the
// content). CRLF line ends, header lines folded at 78 bytes, no line over 998, 7-bit throughout but for
// message/rfc822 parts, which stay as they are. Text gets CRLF line ends and ends with one. Every error is
// invalid and names what the caller gave wrong: an address, media type, file name or field that no header can
// carry. Values are escaped or refused, never trusted: a CR LF in a name cannot become a field.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "schema/message.h"
#include "transcoders/mime/fields.h"

namespace telepost::transcoders::mime {

struct MessageFields {
  Mailbox from = {};
  std::vector<Mailbox> to = {};
  std::vector<Mailbox> cc = {};
  Time date{};
  std::string subject = {};     // text
  std::string message_id = {};  // without angle brackets; "" makes one from the content
  std::string in_reply_to = {};
  std::vector<std::string> references = {};
  schema::Importance importance = schema::Importance::normal;
  schema::Sensitivity sensitivity = schema::Sensitivity::none;
  std::vector<schema::HeaderField> more = {};  // text; such as service_fields(); none that stands above
};

struct MediaPart {
  std::string type = {};         // "audio/32kadpcm", "image/png", "message/rfc822" …
  std::string bytes = {};       // decoded
  std::string filename = {};    // text; "" for none
  std::string content_id = {};  // without angle brackets; "" for none
  std::string description = {};  // text; "" for none
  std::optional<Duration> duration = {};  // Content-Duration, rounded up to seconds (RFC 3803)
};

// multipart/voice-message version 2.0 (RFC 3801 section 4.4.1), Message-Context: voice-message (RFC 3458). The
// spoken name of the caller, if there is one, stands before the message.
Result<std::string> build_voice(const MessageFields& fields, const MediaPart& message,
                                const std::optional<MediaPart>& spoken_name = std::nullopt);
// image/tiff; application=faxbw (RFC 3949 section 2, RFC 3302), inside multipart/mixed behind the cover text if
// there is one.
Result<std::string> build_fax(const MessageFields& fields, const MediaPart& tiff,
                              std::string_view cover_text = {});
// text/plain; Message-Context: pager-message.
Result<std::string> build_sms(const MessageFields& fields, std::string_view text);
// multipart/related from the SMIL (RFC 2387; 3GPP TS 26.140), or multipart/mixed where smil is empty.
Result<std::string> build_mms(const MessageFields& fields, std::string_view smil,
                              const std::vector<MediaPart>& parts);
// Message-Context: video-message (RFC 3938); the text, if any, first.
Result<std::string> build_video(const MessageFields& fields, const MediaPart& video,
                                std::string_view text = {});
Result<std::string> build_image(const MessageFields& fields, const MediaPart& image,
                                std::string_view text = {});
Result<std::string> build_text(const MessageFields& fields, std::string_view text);
// text/plain; with html multipart/alternative of both; with related, which html names by cid: (RFC 2392), html is the root
// of a multipart/related (RFC 2387); with attachments multipart/mixed around that.
Result<std::string> build_email(const MessageFields& fields, std::string_view text, std::string_view html,
                                const std::vector<MediaPart>& attachments,
                                const std::vector<MediaPart>& related = {});

// How mail names a scheme-qualified address: "tel:+15550100" is +15550100@domain (RFC 3801 section 4.1.1),
// mailto: and sip: are theirs, and a withheld one ("") is non-mail-user@domain. invalid: anything else.
Result<Mailbox> mailbox_of(std::string_view address, std::string_view domain);

}  // namespace telepost::transcoders::mime
