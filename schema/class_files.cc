#include "schema/class_files.h"

#include <algorithm>
#include <filesystem>

namespace telepost::schema {
namespace {

constexpr std::size_t kMaxFiles = 1000;

Result<std::vector<std::string>> xml_files(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> files;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() == ".xml") files.push_back(at->path().string());
    if (files.size() > kMaxFiles) return {Errc::too_many, folder + ": more than 1000 files"};
  }
  if (error == std::errc::no_such_file_or_directory)
    return {Errc::not_found, folder + ": no such folder; see policies.path"};
  if (error) return {Errc::io, folder + ": " + error.message()};
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

Result<std::vector<std::string>> class_files(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (path.empty()) continue;
    if (std::filesystem::is_regular_file(path, error)) {
      files.push_back(path);
      continue;
    }
    TELEPOST_ASSIGN(const std::vector<std::string> inside, xml_files(path));
    files.insert(files.end(), inside.begin(), inside.end());
  }
  return files;
}

}  // namespace telepost::schema
