// From a message's structure to what its document says about its content.
#pragma once

#include <string>
#include <string_view>

#include "schema/message.h"
#include "transcoders/mime/scanner.h"

namespace telepost::transcoders::mime {

inline constexpr std::size_t kMaxPreviewBytes = 256;
inline constexpr std::size_t kMaxSubjectBytes = 1000;

// Fills root, fields, defects, subject, preview, importance and sensitivity of document, and nothing else. Move
// the structure in unless it is needed afterwards. importance: Importance (RFC 2156), else Priority, else
// X-Priority.
void describe(Structure structure, schema::Document& document);

// A sample as the first words that a list shows: decoded, HTML reduced to its text, white space collapsed, at
// most kMaxPreviewBytes of UTF-8.
std::string preview_of(const TextSample& sample);

// What a person would read of HTML: no tags, comments, styles, scripts or title; the common entities decoded.
// Not a sanitiser: the result is text, never markup again. As one line, for the preview; or with a line for each block
// and list item, "\n" at their ends. Linear in the size.
std::string text_of_html(std::string_view html);
std::string plain_text_of_html(std::string_view html);

// The value of the first field of that name, nullptr if there is none.
const std::string* find_field(const std::vector<RawField>& header, std::string_view name);

}  // namespace telepost::transcoders::mime
