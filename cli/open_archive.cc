#include "cli/open_archive.h"

#include "adapters/s3/bucket.h"
#include "store/archive/engine_archive.h"
#include "store/engine/rocksdb_engine.h"

namespace telepost::cli {

Result<std::unique_ptr<store::Archive>> open_archive(const schema::Configuration& configuration, const Clock& clock) {
  const schema::ArchiveSettings& settings = configuration.archive;
  if (!settings.path.empty() && !settings.endpoint.empty()) {
    return {Errc::invalid, "archive.path and archive.endpoint name two archives; there is one"};
  }
  if (settings.endpoint.empty() && !settings.bucket.empty()) return {Errc::invalid, "archive.bucket needs archive.endpoint"};
  if (!settings.endpoint.empty()) {
    TELEPOST_ASSIGN(auto bucket, adapters::s3::Bucket::open(settings, configuration.tls.authorities, clock));
    return std::unique_ptr<store::Archive>(std::move(bucket));
  }
  if (settings.path.empty()) return std::unique_ptr<store::Archive>();
  return std::unique_ptr<store::Archive>(std::make_unique<store::EngineArchive>([path = settings.path](store::EngineArchive::Missing missing) -> Result<std::unique_ptr<store::Engine>> {
    store::RocksdbOptions options;
    options.path = path;
    options.create = missing == store::EngineArchive::Missing::is_made;
    options.cache_bytes = 8u << 20;
    options.memtable_bytes = 24u << 20;
    options.max_open_files = 128;
    TELEPOST_ASSIGN(auto engine, store::RocksdbEngine::open(std::move(options)));
    return std::unique_ptr<store::Engine>(std::move(engine));
  }));
}

}  // namespace telepost::cli
