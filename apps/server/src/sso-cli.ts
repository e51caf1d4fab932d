#!/usr/bin/env node
// The shims of package managers do not pass on the name that they were called by: this file is the name.
import './cli.ts';
