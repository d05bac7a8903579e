#include "adapters/s3/bucket.h"

#include <fstream>

#include "adapters/s3/codec.h"
#include "base/bytes.h"
#include "base/sha256.h"

namespace telepost::adapters::s3 {
namespace {

constexpr std::uint64_t kAnswerBytes = 4u << 20;
constexpr std::uint64_t kOwnerBytes = 1024;
constexpr std::string_view kOwner = "telepost-store";
constexpr int kTries = 3;

Result<std::string> first_line_of(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!file) return {Errc::not_found, "archive.secret_file: cannot read " + path};
  std::getline(file, line);
  line = std::string(trim(line));
  if (line.empty()) return {Errc::invalid, "archive.secret_file: the first line of " + path + " is empty"};
  return line;
}

// "http://host:9000" is {"http://", "host:9000"}.
std::pair<std::string, std::string> split(const std::string& endpoint) {
  const std::size_t host = endpoint.find("://") + 3;
  return {endpoint.substr(0, host), endpoint.substr(host)};
}

// What a status other than success means to who asked (Amazon S3 API reference, "Error responses").
Error refusal(const net::HttpAnswer& answer) {
  const std::string code = error_code_of(answer.body);
  const std::string what = "HTTP " + std::to_string(answer.status) + (code.empty() ? "" : " " + code);
  if (answer.status == 404 && code != "NoSuchBucket") return {Errc::not_found, what};
  if (answer.status == 401 || answer.status == 403) return {Errc::denied, what};
  if (answer.status == 507) return {Errc::disk_full, what};
  return {Errc::unavailable, what};
}

bool succeeded(const net::HttpAnswer& answer) { return answer.status >= 200 && answer.status < 300; }

// Each request may be made again: it puts the same, or removes what may be gone.
bool is_passing(int status) { return status == 500 || status == 502 || status == 503 || status == 504; }

}  // namespace

Bucket::Bucket(schema::ArchiveSettings settings, Credentials credentials, net::HttpClientOptions options, const Clock& clock)
    : settings_(std::move(settings)), credentials_(std::move(credentials)), clock_(clock), client_(std::move(options)) {}

Result<std::unique_ptr<Bucket>> Bucket::open(const schema::ArchiveSettings& settings, const std::string& authorities, const Clock& clock) {
  if (settings.bucket.empty()) return {Errc::invalid, "archive.endpoint needs archive.bucket"};
  if (settings.access_key.empty() || settings.secret_file.empty()) {
    return {Errc::invalid, "archive.bucket needs archive.access_key and archive.secret_file"};
  }
  Credentials credentials{settings.access_key, "", settings.region};
  TELEPOST_ASSIGN(credentials.secret_key, first_line_of(settings.secret_file));
  net::HttpClientOptions options;
  options.authorities = authorities;
  options.timeout = settings.timeout;
  return std::unique_ptr<Bucket>(new Bucket(settings, std::move(credentials), std::move(options), clock));
}

Result<net::HttpAnswer> Bucket::ask_once(const std::string& method, const std::string& key, const Query& query, std::string_view body,
                                         std::uint64_t limit_bytes) {
  const auto [scheme, endpoint] = split(settings_.endpoint);
  const std::string host = settings_.path_style ? endpoint : settings_.bucket + "." + endpoint;
  const Time now = clock_.now();
  Signable signable{method, (settings_.path_style ? "/" + settings_.bucket + "/" : "/") + key, query, {}, to_hex(sha256(body))};
  signable.headers = {{"host", host}, {"x-amz-content-sha256", signable.payload_sha256}, {"x-amz-date", amz_date(now)}};
  net::ClientRequest request;
  request.method = method;
  request.url = scheme + host + uri_encode(signable.path, Slash::stays) + (query.empty() ? "" : "?" + canonical_query(query));
  for (const auto& [name, value] : signable.headers) request.headers.push_back(name + ": " + value);
  request.headers.push_back("authorization: " + authorization(signable, credentials_, now));
  request.body = body;
  request.limit_bytes = limit_bytes;
  return client_.ask(request);
}

Result<net::HttpAnswer> Bucket::ask(const std::string& method, const std::string& key, Query query, std::string_view body,
                                    std::uint64_t limit_bytes) {
  for (int tries = 1;; ++tries) {
    auto answer = ask_once(method, key, query, body, limit_bytes);
    if (!answer.ok()) return answer;
    if (succeeded(*answer)) return answer;
    if (!is_passing(answer->status) || tries == kTries) return refusal(*answer);
  }
}

Result<void> Bucket::put(const schema::ArchiveName& name, std::string_view bytes) {
  TELEPOST_TRY(ask("PUT", settings_.prefix + to_string(name), {}, bytes, kAnswerBytes));
  return {};
}

// An error's answer may be longer than the object.
Result<std::string> Bucket::get_key(const std::string& key, std::uint64_t limit_bytes) {
  TELEPOST_ASSIGN(auto answer, ask("GET", key, {}, {}, std::max(limit_bytes, kAnswerBytes)));
  if (answer.body.size() > limit_bytes) return {Errc::too_large, "the object is larger than what was put there"};
  return std::move(answer.body);
}

Result<std::string> Bucket::get(const schema::ArchiveName& name, std::uint64_t limit_bytes) {
  return get_key(settings_.prefix + to_string(name), limit_bytes);
}

Result<void> Bucket::remove(const schema::ArchiveName& name) {
  const auto answer = ask("DELETE", settings_.prefix + to_string(name), {}, {}, kAnswerBytes);
  if (!answer.ok() && answer.error().kind != Errc::not_found) return answer.error();
  return {};
}

Result<void> Bucket::list(std::optional<schema::AccountId> account, const Visitor& visit) {
  std::string token, last;
  do {
    Query query = {{"list-type", "2"}, {"prefix", settings_.prefix + (account ? schema::archive_folder(*account) : "")}};
    if (!token.empty()) query.emplace_back("continuation-token", token);
    TELEPOST_ASSIGN(const auto answer, ask("GET", "", std::move(query), {}, kAnswerBytes));
    const auto page = read_list_page(answer.body);
    if (!page.ok()) return {Errc::unavailable, "the server lists the bucket in a way that is none: " + page.error().detail};
    for (const ListedObject& object : page->objects) {
      if (!object.key.starts_with(settings_.prefix)) continue;
      const auto name = schema::archive_name_from(std::string_view(object.key).substr(settings_.prefix.size()));
      if (name.ok() && !visit(*name, object.size_bytes)) return {};
    }
    if (!page->next.empty() && !leads_on(*page, last)) return {Errc::unavailable, "the server lists the bucket without end"};
    token = page->next;
  } while (!token.empty());
  return {};
}

Result<std::optional<std::string>> Bucket::owner() {
  auto owner = get_key(settings_.prefix + std::string(kOwner), kOwnerBytes);
  if (!owner.ok() && owner.error().kind == Errc::not_found) return std::optional<std::string>();
  if (!owner.ok()) return owner.error();
  auto id = from_hex(trim(*owner));
  if (!id.ok()) return {Errc::unavailable, std::string(kOwner) + " in the bucket is not what a store leaves there"};
  return std::optional(std::move(*id));
}

Result<void> Bucket::set_owner(std::string_view owner) {
  TELEPOST_TRY(ask("PUT", settings_.prefix + std::string(kOwner), {}, to_hex(owner), kAnswerBytes));
  return {};
}

}  // namespace telepost::adapters::s3
