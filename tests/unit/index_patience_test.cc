// Who asks for a list waits no longer than a request may, while the account's index has much to read.
#include <gtest/gtest.h>

#include <chrono>

#include "tests/support/store_fixture.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using store::MailView;

TEST(IndexPatience, EachWhoAsksComesFurther) {
  test::StoreFixture fixture;
  const auto ann = fixture.create("ann@example.test");
  for (int i = 0; i < 900; ++i) {
    ASSERT_TRUE(fixture.deliver_to(ann, "Message-ID: <" + std::to_string(i) + "@x>\r\n\r\nx\r\n").ok());
  }
  fixture.engine().set_delay([&] { fixture.clock().advance(3s); }, {});
  int refused = 0;
  auto view = fixture.store().view(ann);
  for (; !view.ok() && refused < 5; view = fixture.store().view(ann)) {
    EXPECT_EQ(view.error().kind, Errc::busy);
    ++refused;
  }
  EXPECT_GE(refused, 1);
  ASSERT_TRUE(view.ok()) << to_string(view.error());
  EXPECT_EQ(*view->total({std::nullopt, MailView::Collapse::threads}), 900u);
  fixture.engine().set_delay({}, {});
  EXPECT_TRUE(fixture.verify_clean());
}

}  // namespace
}  // namespace telepost
