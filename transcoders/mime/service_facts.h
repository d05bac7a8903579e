// What a peer with a proved service identity says about a message (DESIGN section 7), in the message's own
// header.
//
// The store asks only for such a peer; from anybody else these fields decide nothing and the message is an
// email. A field stands at most once; a Telepost-* field that is unknown or malformed is an error, since it is
// a trunk's mistake that somebody should see.
//
//   Telepost-Kind:             "email" / "voice" / "fax" / "sms" / "mms" / "video" / "image" / "text"
//   Telepost-Caller:           address      ; who called or sent; not kept where presentation is restricted
//   Telepost-Called:           address      ; the number that was dialled
//   Telepost-Redirected-From:  address      ; voice: who did not answer
//   Telepost-Presentation:     "allowed" / "restricted"
//   Telepost-Reason:           "busy" / "no-answer" / "unreachable" / "unconditional"
//   Telepost-Call-Id:          1*255VCHAR
//   Telepost-Start:            date-time                    ; RFC 3339
//   Telepost-Duration:         1*6DIGIT [ "." 1*3DIGIT ]    ; seconds
//   Telepost-Codec:            type "/" subtype             ; RFC 2045
//   Telepost-Result:           1*200(VCHAR / SP)            ; fax: "complete", "partial: 2 of 5 pages"
//   Telepost-Pages:            1*4DIGIT
//   Telepost-Resolution:       1*5DIGIT "x" 1*5DIGIT        ; fax: dots per inch; video: pixels
//   Telepost-Remote-Id:        1*64(VCHAR / SP)             ; fax: CSID or TSI
//   Telepost-Coding:           "gsm7" / "ucs2" / "binary" / "latin1"
//   Telepost-Reference:        1*5DIGIT     ; of a concatenated SMS, 0 to 65535
//   Telepost-Segments:         1*3DIGIT     ; 1 to 255
//   Telepost-Segments-Missing: 1*3DIGIT     ; 0 to 255
//
//   address = "tel:" ["+"] 1*20DIGIT / ( "sip:" / "sips:" / "mailto:" ) 1*255VCHAR
//
// Without Telepost-Kind the message's shape decides: Message-Context (RFC 3458, RFC 3938), then
// multipart/voice-message (RFC 3801, RFC 4239), multipart/fax-message, and what holds image/tiff and text alone
// (ITU-T T.37, RFC 3965). VPIM then fills what no Telepost-* field says: Content-Duration, the audio part's
// type, numbers in From and To.
#pragma once

#include <vector>

#include "base/result.h"
#include "schema/message.h"
#include "transcoders/mime/scanner.h"

namespace telepost::transcoders::mime {

struct ServiceFacts {
  schema::Kind kind = schema::Kind::email;
  schema::Facts facts;  // that of the kind; monostate for email, text, image and mms
  bool operator==(const ServiceFacts&) const = default;
};

// invalid: a Telepost-* field breaks the grammar above; the detail names it.
Result<ServiceFacts> read_service_facts(const Structure& structure);

// The Telepost-* fields that say the same, for MessageFields::more: what read_service_facts() gives for a
// message that has them, if the facts keep to the grammar.
std::vector<schema::HeaderField> service_fields(const ServiceFacts& facts);

}  // namespace telepost::transcoders::mime
