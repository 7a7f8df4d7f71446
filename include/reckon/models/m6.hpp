// Gathers M6 for the user: sizes and model.
#pragma once

#include <reckon/models/m6/config.hpp>
#include <reckon/models/m6/model.hpp>
