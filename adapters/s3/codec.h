// What S3 answers in XML: a page of a bucket's keys (ListObjectsV2) and errors. Whatever stands there that is not wanted is passed over.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace telepost::adapters::s3 {

struct ListedObject {
  std::string key;
  std::uint64_t size_bytes = 0;
  bool operator==(const ListedObject&) const = default;
};

struct ListPage {
  std::vector<ListedObject> objects;
  std::string next;  // the continuation token; "" on the last page
  bool operator==(const ListPage&) const = default;
};

// Errors: invalid, too_large.
Result<ListPage> read_list_page(std::string_view xml);
// Whether what follows the page is to be asked for: it has a key behind `last`, the greatest so far, which is moved on. Keys come in
// their order; a server whose pages lead nowhere would be asked forever.
bool leads_on(const ListPage& page, std::string& last);
// The <Code> of an error ("NoSuchKey"); "" where the answer is none.
std::string error_code_of(std::string_view xml);

}  // namespace telepost::adapters::s3
