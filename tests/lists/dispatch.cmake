zc_unit(dispatch LINK zc_dispatch)
