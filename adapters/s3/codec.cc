#include "adapters/s3/codec.h"

#include <algorithm>
#include <charconv>

#include "schema/xml/reader.h"

namespace telepost::adapters::s3 {
namespace {

constexpr std::uint64_t kPageBytes = 4u << 20;  // 1,000 keys of at most 1 KiB each, and what stands around them
constexpr std::size_t kTextBytes = 4096;        // of one key or token

schema::xml::Limits limits() {
  schema::xml::Limits limits;
  limits.bytes = kPageBytes;
  limits.depth = 8;
  limits.elements = 20'000;
  return limits;
}

// Calls the reader with each element's path ("ListBucketResult/Contents/Key") and text, at its end.
class Walker : public schema::xml::Handler {
 public:
  Result<void> start(const schema::xml::Element& element) override {
    if (!path_.empty()) path_ += '/';
    path_ += element.name;
    text_.clear();
    return {};
  }
  Result<void> text(std::string_view utf8) override {
    if (text_.size() + utf8.size() > kTextBytes) return {Errc::too_large, "a text that is too long"};
    text_.append(utf8);
    return {};
  }
  Result<void> end() override {
    TELEPOST_TRY(leave(path_, text_));
    const std::size_t above = path_.rfind('/');
    path_.resize(above == std::string::npos ? 0 : above);
    text_.clear();
    return {};
  }

 protected:
  virtual Result<void> leave(std::string_view path, const std::string& text) = 0;

 private:
  std::string path_;
  std::string text_;
};

class ListReader final : public Walker {
 public:
  ListPage page;

 private:
  Result<void> leave(std::string_view path, const std::string& text) override {
    known_ = known_ || path == "ListBucketResult";
    if (path == "ListBucketResult/Contents/Key") object_.key = text;
    if (path == "ListBucketResult/NextContinuationToken") page.next = text;
    if (path == "ListBucketResult/Contents/Size") {
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), object_.size_bytes);
      if (error != std::errc() || end != text.data() + text.size()) return {Errc::invalid, "a size that is no number"};
    }
    if (path == "ListBucketResult/Contents") page.objects.push_back(std::exchange(object_, {}));
    if (path == "ListBucketResult/IsTruncated" && text == "false") last_ = true;
    if (path == "ListBucketResult" && last_) page.next.clear();
    if (path.find('/') == std::string_view::npos && !known_) return {Errc::invalid, "no list of a bucket's objects"};
    return {};
  }
  ListedObject object_;
  bool known_ = false;
  bool last_ = false;
};

class ErrorReader final : public Walker {
 public:
  std::string code;

 private:
  Result<void> leave(std::string_view path, const std::string& text) override {
    if (path == "Error/Code") code = text;
    return {};
  }
};

}  // namespace

Result<ListPage> read_list_page(std::string_view xml) {
  ListReader reader;
  TELEPOST_TRY(schema::xml::parse(xml, limits(), reader));
  return std::move(reader.page);
}

bool leads_on(const ListPage& page, std::string& last) {
  const auto greatest = std::max_element(page.objects.begin(), page.objects.end(),
                                         [](const ListedObject& a, const ListedObject& b) { return a.key < b.key; });
  if (greatest == page.objects.end() || greatest->key <= last) return false;
  last = greatest->key;
  return true;
}

std::string error_code_of(std::string_view xml) {
  ErrorReader reader;
  const Result<void> read = schema::xml::parse(xml.substr(0, 64u << 10), limits(), reader);
  return read.ok() ? reader.code : std::string();
}

}  // namespace telepost::adapters::s3
