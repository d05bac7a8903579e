#include "schema/archive_keys.h"

namespace telepost::schema {
namespace {

constexpr std::string_view kUrlLetters = "abcdefghijklmnopqrstuvwxyz0123456789.-:[]";
constexpr std::string_view kPrefixLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_.-";

// A scheme, a host and a port, nothing behind them: what follows is signed.
Result<void> read_endpoint(const Keyed& from, std::string& into) {
  TELEPOST_TRY(read(from, into));
  while (into.ends_with('/')) into.pop_back();
  const std::size_t host = into.starts_with("https://") ? 8 : into.starts_with("http://") ? 7 : 0;
  const bool fits = into.empty() || (host != 0 && into.size() > host && into.find_first_not_of(kUrlLetters, host) == std::string::npos);
  return fits ? Result<void>() : from.wants("a URL without a path, such as \"https://s3.example.net\"");
}

// Amazon S3 user guide, "Bucket naming rules".
Result<void> read_bucket(const Keyed& from, std::string& into) {
  TELEPOST_TRY(read(from, into));
  const bool fits = into.empty() || (into.size() >= 3 && into.size() <= 63 &&
                                     into.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") == std::string::npos);
  return fits ? Result<void>() : from.wants("a bucket's name: 3 to 63 of a-z, 0-9, \".\" and \"-\"");
}

Result<void> read_region(const Keyed& from, std::string& into) {
  TELEPOST_TRY(read(from, into));
  const bool fits = !into.empty() && into.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
  return fits ? Result<void>() : from.wants("a region, such as \"eu-central-1\"; servers of your own mostly take \"us-east-1\"");
}

Result<void> read_prefix(const Keyed& from, std::string& into) {
  TELEPOST_TRY(read(from, into));
  const bool fits = into.size() <= 512 && !into.starts_with('/') && into.find_first_not_of(kPrefixLetters) == std::string::npos;
  return fits ? Result<void>() : from.wants("letters, digits, \"/\", \"_\", \".\" and \"-\", such as \"telepost/\"");
}

}  // namespace

#define TAKE(Target, body) [](const Keyed& from, Target& into) -> Result<void> { return body; }

std::vector<Binding<Configuration>> archive_keys() {
  return {
      {{"archive.path", "text", "\"\"", "A folder for the sources that are archived, on other disks than the store's; empty: none."},
       TAKE(Configuration, read(from, into.archive.path))},
      {{"archive.endpoint", "text", "\"\"", "Instead of a folder, a server that speaks S3: https://HOST, or http:// where nobody listens."},
       TAKE(Configuration, read_endpoint(from, into.archive.endpoint))},
      {{"archive.bucket", "text", "\"\"", "The bucket there; it must exist."}, TAKE(Configuration, read_bucket(from, into.archive.bucket))},
      {{"archive.prefix", "text", "\"\"", "What each key in the bucket begins with, such as telepost/."},
       TAKE(Configuration, read_prefix(from, into.archive.prefix))},
      {{"archive.region", "text", "\"us-east-1\"", "The region that requests are signed for."},
       TAKE(Configuration, read_region(from, into.archive.region))},
      {{"archive.access_key", "text", "\"\"", "Who asks there."}, TAKE(Configuration, read(from, into.archive.access_key))},
      {{"archive.secret_file", "text", "\"\"", "A file whose first line is the secret key."},
       TAKE(Configuration, read(from, into.archive.secret_file))},
      {{"archive.path_style", "true or false", "true", "Whether the bucket stands in the path (HOST/BUCKET/KEY) or in the name (BUCKET.HOST/KEY)."},
       TAKE(Configuration, read(from, into.archive.path_style))},
      {{"archive.timeout", "duration", "\"PT30S\"", "How long one call to the archive may take."},
       TAKE(Configuration, read(from, into.archive.timeout))}};
}

#undef TAKE

}  // namespace telepost::schema
