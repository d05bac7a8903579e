// The store's archive in a bucket: PUT, GET, DELETE and ListObjectsV2, each request signed. The seam is store/archive/archive.h.
#pragma once

#include <memory>
#include <string>

#include "adapters/net/http_client.h"
#include "adapters/s3/signature.h"
#include "base/clock.h"
#include "schema/archive_settings.h"
#include "store/archive/archive.h"

namespace telepost::adapters::s3 {

class Bucket final : public store::Archive {
 public:
  // Reads the secret; asks the server nothing. Clock must outlive it. Errors: invalid (what the configuration lacks), not_found and io
  // (the secret's file).
  static Result<std::unique_ptr<Bucket>> open(const schema::ArchiveSettings& settings, const std::string& authorities, const Clock& clock);

  Result<void> put(const schema::ArchiveName& name, std::string_view bytes) override;
  Result<std::string> get(const schema::ArchiveName& name, std::uint64_t limit_bytes) override;
  Result<void> remove(const schema::ArchiveName& name) override;
  Result<void> list(std::optional<schema::AccountId> account, const Visitor& visit) override;
  Result<std::optional<std::string>> owner() override;
  Result<void> set_owner(std::string_view owner) override;
  Result<void> compact() override { return {}; }  // the server's own affair
  void stop() override { client_.stop(); }

 private:
  using Query = std::vector<std::pair<std::string, std::string>>;
  Bucket(schema::ArchiveSettings settings, Credentials credentials, net::HttpClientOptions options, const Clock& clock);
  Result<net::HttpAnswer> ask(const std::string& method, const std::string& key, Query query, std::string_view body, std::uint64_t limit_bytes);
  Result<net::HttpAnswer> ask_once(const std::string& method, const std::string& key, const Query& query, std::string_view body,
                                   std::uint64_t limit_bytes);
  Result<std::string> get_key(const std::string& key, std::uint64_t limit_bytes);

  const schema::ArchiveSettings settings_;
  const Credentials credentials_;
  const Clock& clock_;
  net::HttpClient client_;
};

}  // namespace telepost::adapters::s3
