// A request's head as handlers see it: checked, decoded once, bounded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace telepost::adapters::net {

struct HttpField {
  std::string name;   // as it was sent
  std::string value;  // without the space around it; no CR, LF or NUL
  bool operator==(const HttpField&) const = default;
};

using HttpFields = std::vector<HttpField>;

// The values of every field of that name (any case), joined by ", " as RFC 9110 section 5.3 says. Nothing when there is none.
std::optional<std::string> find_field(const HttpFields& fields, std::string_view name);

struct HttpRequest {
  std::string method;    // "GET" also for HEAD: who answers a GET has answered it
  bool is_head = false;  // no body will leave, whatever the answer says
  std::string path;      // "/jmap/download/a/b/a b.txt": decoded once, UTF-8; "*" of OPTIONS *
  // The same between the slashes, so that a %2F inside one is content: {"jmap", "download", "a", "b", "a b.txt"}.
  // Routes are compared with these. No segment, and no part of one between slashes, is "." or "..".
  std::vector<std::string> segments;
  std::vector<std::pair<std::string, std::string>> query;  // decoded, "+" is a space, in their order
  std::string host;                                        // of the target when it names one, else of Host; "" in HTTP/1.0
  HttpFields fields;
  unsigned version = 11;                          // or 10
  std::optional<std::uint64_t> body_size_bytes;   // nothing when it comes in chunks; 0 without a body

  std::optional<std::string> field(std::string_view name) const { return find_field(fields, name); }
  // The first of that name; the name's case counts.
  std::optional<std::string_view> parameter(std::string_view name) const;
};

}  // namespace telepost::adapters::net
