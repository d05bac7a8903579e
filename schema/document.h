// The message's XML document: Document to text and back (schema/message.xsd, namespace
// urn:telepost:message:1). Any thread may call any of these.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "schema/message.h"

namespace telepost::schema {

// What a document may hold; the MIME scanner stays below, the reader refuses more.
inline constexpr unsigned kMaxPartDepth = 100;                     // levels of the part tree
inline constexpr std::size_t kMaxDocumentBytes = 8 * 1024 * 1024;  // of XML
inline constexpr std::size_t kMaxDocumentElements = 100'000;

// Valid against message.xsd whatever the strings hold: where text has bytes that XML 1.0 cannot say
// (controls, bytes that are no UTF-8), U+FFFD stands in their place and the exact bytes follow in base64, so
// that reading gives an equal Document. Precondition: the bounds above; received between the years 0001 and
// 9999; id.local not 0; durations from 0 to 10,000 years.
std::string write_document(const Document& document);

// too_large: over kMaxDocumentBytes, _Elements or kMaxPartDepth. invalid: not well-formed, a DOCTYPE, or not
// of the schema's shape; the detail says line and column. Not the whole schema is checked: see
// validate_document.
Result<Document> read_document(std::string_view xml);

// Checks document, annotation or export against message.xsd; slower than reading. Same errors.
Result<void> validate_document(std::string_view xml);

}  // namespace telepost::schema
