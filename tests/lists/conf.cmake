zc_unit(conf LINK zc_conf)
