// Where archived sources lie: in a folder, or in a bucket that speaks S3.
#pragma once

#include <string>

#include "base/clock.h"

namespace telepost::schema {

struct ArchiveSettings {
  std::string path;         // a folder, on other disks than the store's; "": none
  std::string endpoint;     // "https://s3.example.net", "http://127.0.0.1:9000"; "": none
  std::string bucket;
  std::string prefix;       // before every key, as "telepost/"
  std::string region = "us-east-1";
  std::string access_key;
  std::string secret_file;  // its first line is the secret key
  bool path_style = true;   // ENDPOINT/BUCKET/KEY; else BUCKET.ENDPOINT/KEY
  Duration timeout = std::chrono::seconds(30);  // of one call
  bool operator==(const ArchiveSettings&) const = default;
};

}  // namespace telepost::schema
