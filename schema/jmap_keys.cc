#include "schema/jmap_keys.h"

namespace telepost::schema {
namespace {

constexpr std::uint32_t kMostConnections = 1'000'000;

Result<void> read_url(const Keyed& from, std::string& into) {
  TELEPOST_TRY(read(from, into));
  while (into.ends_with('/')) into.pop_back();
  const bool has_host = into.starts_with("https://") ? into.size() > 8 : into.starts_with("http://") && into.size() > 7;
  const bool fits = into.empty() || (has_host && into.size() <= 512 && into.find_first_of(" \"<>{}?#\\") == std::string::npos);
  return fits ? Result<void>() : from.wants("an address without query, such as \"https://mail.example.test\"");
}

}  // namespace

#define TAKE(body) [](const Keyed& from, Configuration& into) -> Result<void> { return body; }

std::vector<Binding<Configuration>> jmap_keys() {
  constexpr std::string_view kNumber = "whole number";
  return {
      {{"jmap.listen", "list of address:port", "[]",
        "Where it listens in plain text, which is for this machine and trusted fronts alone; an empty list turns it off."},
       TAKE(read(from, into.jmap.listen))},
      {{"jmap.listen_tls", "list of address:port", "[]", "Where it listens with TLS from the first byte."},
       TAKE(read(from, into.jmap.listen_tls))},
      {{"jmap.url", "text", "\"\"", "What its addresses begin with, such as https://mail.example.test; empty takes the host that a client asked for."},
       TAKE(read_url(from, into.jmap.url))},
      {{"jmap.trusted_fronts", "list of networks", "[]",
        "Load balancers: each of their connections begins with a PROXY header, which is believed, and TLS may end there."},
       TAKE(read(from, into.jmap.trusted_fronts))},
      {{"jmap.max_connections", kNumber, "10000", "Connections at one time."},
       TAKE(read_number(from, into.jmap.max_connections, 1, kMostConnections))},
      {{"jmap.max_connections_per_peer", kNumber, "200", "Connections at one time from one address."},
       TAKE(read_number(from, into.jmap.max_connections_per_peer, 1, kMostConnections))},
      {{"jmap.max_new_per_minute", kNumber, "6000", "New connections in a minute from one address of another machine."},
       TAKE(read_number(from, into.jmap.max_new_per_minute, 1, kMostConnections))},
      {{"jmap.max_size_upload", "size", "\"50MiB\"", "Of one upload (maxSizeUpload)."},
       TAKE(read_size(from, into.jmap.max_size_upload, 64 * 1024))},
      {{"jmap.max_concurrent_upload", kNumber, "4", "Uploads of an account at one time (maxConcurrentUpload)."},
       TAKE(read_number(from, into.jmap.max_concurrent_upload, 1, 1000))},
      {{"jmap.max_size_request", "size", "\"10MiB\"", "Of one request (maxSizeRequest)."},
       TAKE(read_size(from, into.jmap.max_size_request, 64 * 1024))},
      {{"jmap.max_concurrent_requests", kNumber, "8", "Requests of an account at one time (maxConcurrentRequests)."},
       TAKE(read_number(from, into.jmap.max_concurrent_requests, 1, 1000))},
      {{"jmap.max_calls_in_request", kNumber, "32", "Method calls of one request (maxCallsInRequest)."},
       TAKE(read_number(from, into.jmap.max_calls_in_request, 4, 1000))},
      {{"jmap.max_objects_in_get", kNumber, "1000", "Objects that one call gets (maxObjectsInGet)."},
       TAKE(read_number(from, into.jmap.max_objects_in_get, 10, 100'000))},
      {{"jmap.max_objects_in_set", kNumber, "1000", "Objects that one call makes, changes and destroys (maxObjectsInSet)."},
       TAKE(read_number(from, into.jmap.max_objects_in_set, 10, 100'000))}};
}

#undef TAKE

}  // namespace telepost::schema
