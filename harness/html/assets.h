// SPDX-License-Identifier: GPL-2.0
// style.css and script.js of this folder. Private to the module.
#pragma once

namespace pinrig::html {

extern const char* const page_style;
extern const char* const page_script;

}  // namespace pinrig::html
